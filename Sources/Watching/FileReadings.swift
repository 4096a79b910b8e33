// How the lines of watched files become records, as the settings say: for the watcher, and for whoever looks at the same
// files without it (`herald scan`, `herald check`).

import LogSources
import Records
import RuleMatching
import Settings
import YAML

/// How the lines of one file become records. Belongs to one thread, as its patterns do.
package struct FileReading {
    package private(set) var format: LineFormat = .auto
    private var multiline: Multiline = .auto
    /// The administrator's own patterns, in place of `multiline`.
    private var pattern: LinePattern?
    private var limits = RecordJoiner.Limits()

    /// Bytes of a line that are looked at.
    package private(set) var lineLimit = FilePattern("").lineLimit

    /// What is read in no other way.
    package init() {}

    /// - Throws: `Diagnostic`: a pattern that PCRE2 does not take, with its place.
    init(_ file: Settings.File) throws(Diagnostic) {
        (format, lineLimit) = (file.format, file.lineLimit)
        switch file.multiline {
        case .preset(let preset): multiline = preset
        case .patterns(let start, let continuation, let timeout, let lines):
            (limits.timeout, limits.lines) = (timeout, lines)
            pattern = try LinePattern(start: start, continuation: continuation)
        }
    }

    /// The same with another format or other traces, where they are given.
    package func with(format: LineFormat?, multiline: Multiline?) -> FileReading {
        var reading = self
        if let format { reading.format = format }
        if let multiline { (reading.multiline, reading.pattern) = (multiline, nil) }
        return reading
    }

    /// What puts the lines of such a file together.
    package func joiner(for source: Source) -> RecordJoiner {
        RecordJoiner(source: source, multiline: multiline, pattern: pattern, limits: limits)
    }
}

/// How the files that the settings name are read.
package struct FileReadings {
    private let readings: [(pattern: FilePattern, reading: FileReading)]

    /// - Throws: `MatcherError`: every pattern of `multiline` that PCRE2 does not take, with its place.
    package init(_ files: [Settings.File]) throws(MatcherError) {
        var readings: [(pattern: FilePattern, reading: FileReading)] = []
        var faults: [Diagnostic] = []
        for file in files {
            do throws(Diagnostic) {
                readings.append((FilePattern(file), try FileReading(file)))
            } catch {
                faults.append(error)
            }
        }
        if !faults.isEmpty { throw MatcherError(faults: faults) }
        self.readings = readings
    }

    /// What is wrong with how files are to be read.
    package static func faults(_ files: [Settings.File]) -> [Diagnostic] {
        do throws(MatcherError) { _ = try FileReadings(files) } catch { return error.faults }
        return []
    }

    /// How the file at `path` is read; nil where the settings do not name it.
    package func reading(of path: String) -> FileReading? { readings.first { $0.pattern.names(path) }?.reading }

    /// The log whose rotated generation stands at `path`, by its name, and how that log is read.
    package func reading(ofGeneration path: String) -> (log: String, reading: FileReading)? {
        for (pattern, reading) in readings {
            if let log = pattern.log(ofGeneration: path) { return (log, reading) }
        }
        return nil
    }
}

extension FilePattern {
    init(_ file: Settings.File) {
        self.init(file.path, exclude: file.exclude, rotated: file.rotated, format: file.format)
        lineLimit = file.lineLimit
    }
}
