// Logs whose names read like those of another log's generations: worker-1.log beside worker.log, app.1.log beside
// app.log, laravel-2026-11-22.log beside laravel.log. Some rotation gives such names too, so names do not tell. Must stay
// true: what stands at a matched path is read as a log of its own, unless only rotation gives such a name, or it is a copy
// of the other log's text (FileTailer+Copies).

import Formats
import Platform
import Records

extension FileTailer {
    /// The watched logs of which `path` may be a generation, by its name. Where it is certain of one, it is no log of its
    /// own.
    func namesakes(of path: String, isWatched: (String) -> Bool) -> (all: [String], certain: [String]) {
        let (folder, name) = Files.split(path)
        let readings = RotatedName.readings(of: name).filter { isWatched(LogFile.join(folder, $0.base)) }
        let certain = finder.isWrittenOut(path) ? [] : readings.filter(\.isCertain)
        return (readings.map { LogFile.join(folder, $0.base) }, certain.map { LogFile.join(folder, $0.base) })
    }

    /// Whether the log `path` may be a generation of `log`, by its name and folder.
    func mayBeGeneration(_ path: String, of log: WatchedLog) -> Bool {
        let (folder, name) = Files.split(path)
        return log.pattern.generationFolders(Files.split(log.path).directory).contains(folder)
            && RotatedName.readings(of: name).contains { $0.base == Files.split(log.path).name }
    }

    /// The watched logs that may be generations of `log`, taken for logs of their own.
    func namesakes(of log: WatchedLog) -> [WatchedLog] {
        logs.namesakes(of: Files.split(log.path).name).filter { $0 !== log && mayBeGeneration($0.path, of: log) }
    }

    /// Whether what stands at the path of a generation of `log` is read otherwise, unless it holds text of that log: as a
    /// log of its own, or as a generation of one with a longer name (app-1.log of app-1-20261121.log, which may be of
    /// app.log too).
    func isOthers(_ generation: Generation, than log: String) -> Bool {
        if generation.name.isCertain { return finder.isWrittenOut(generation.path) }
        if !generation.isCompressed, finder.pattern(for: generation.path) != nil { return true }
        if generation.name.isDated { return false }
        let home = Files.split(log).directory
        return RotatedName.readings(of: Files.split(generation.path).name).contains { other in
            (other.isCertain || other.isDated) && logs[LogFile.join(home, other.base)]?.isKnown ?? false
        }
    }
}
