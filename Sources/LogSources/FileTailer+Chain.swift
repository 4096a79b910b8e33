// Which files may hold texts of a log at this moment, and whether they can be looked at at all.

import Platform
import Records

extension FileTailer {
    /// The generations, newest first, of one moment: nil where they go on changing.
    func chain(of log: WatchedLog) -> [Generation]? {
        let name = Files.split(log.path).name
        for _ in 0..<3 {
            var chain = lister.generations(of: log.path, log.pattern)
            if let own = chain, log.hasTexts(besides: own) {
                chain = elsewhere(log, besides: own).map { others in
                    own + others.filter { other in !own.contains { $0.key == other.key } }
                }
            }
            hear()
            if let chain, !watches.isStirred(name) {
                return chain.map { generation in
                    var generation = generation
                    generation.isOthers = generation.isOthers || isOthers(generation, than: log.path)
                    return generation
                }
            }
            listAnew()
        }
        return nil
    }

    /// Files that are none of the log's generations by their names, and may hold texts of it all the same.
    private func elsewhere(_ log: WatchedLog, besides own: [Generation]) -> [Generation]? {
        guard let siblings = lister.siblings(of: log.path, log.pattern),
            let former = formerTargets(of: log, besides: own)
        else { return nil }
        let known = Set(former.map(\.key))
        return siblings.filter { !known.contains($0.key) } + former
    }

    func stands(_ key: FileKey, at path: String) -> Bool {
        ((try? LogFile.status(path)) ?? nil).map { FileKey($0) } == key
    }

    /// What cannot be looked at is not gone: the texts wait where a folder or a file may not be read, or a file system is
    /// not mounted (yet).
    func isOutOfReach(_ log: WatchedLog) -> Bool {
        if closedFolders.contains(where: { log.path.hasPrefix($0 + "/") }) { return true }
        guard log.open.isEmpty, !log.astray.isEmpty else { return false }
        if let status = (try? LogFile.status(log.path)) ?? nil {
            return status.isRegular && (try? LogFile.open(log.path)) == nil
        }
        if LogFile.isLink(log.path) { return true }
        guard let folder = (try? LogFile.status(Files.split(log.path).directory)) ?? nil else { return true }
        return log.astray.contains { $0.checkpoint.device != folder.device }
    }
}
