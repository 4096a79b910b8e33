// What `herald status` shows of the files. Asked at any time, so it costs no look at the file system but where reading
// stands still, and no pattern is matched against a path.

import Records

extension FileTailer {
    /// The paths at which something is wrong.
    package var faulty: [SourceStatus] { faults.all }

    /// Each path that is read, with what of its log is not read yet, its rotated generations included; and each at which
    /// something is wrong; and each that is held back as a copy; and each path or glob of the settings that names nothing.
    package var status: [SourceStatus] { status(isStandstill: false) }

    /// - Parameter isStandstill: nothing was read for a while, so the open files are asked how long they are.
    package func status(isStandstill: Bool) -> [SourceStatus] {
        var all: [SourceStatus] = []
        var empty = emptyPatterns
        for log in logs.values where !log.open.isEmpty {
            let open = log.open.compactMap { files[$0] }
            let fault = open.lazy.compactMap { self.faults[$0.placedAt] }.first ?? faults[log.path]
            guard fault != nil || open.contains(where: { $0.isCurrent || !$0.isDrained }) else { continue }
            let behind = open.reduce(0) { $0 + (isStandstill ? $1.behindNow : $1.behind) }
            var status = SourceStatus(source: .file(log.path), fault: fault, behind: behind)
            status.rotated = (matchedGenerations[log.path] ?? []).sorted()
            all.append(status)
            // What left its path is read to its end yet.
            if !empty.isEmpty { empty.remove(log.pattern.path) }
        }
        all += copies.values.filter { faults[$0.path] == nil }.map { held in
            var status = SourceStatus(source: .file(held.path))
            status.copyOf = held.log
            return status
        }
        let shown = Set(all.map(\.source))
        all += faulty.filter { !shown.contains($0.source) }
        all += empty.filter { faults[$0] == nil }.map { path in
            var status = SourceStatus(source: .file(path))
            status.isThere = false
            return status
        }
        return all.sorted { $0.source.name < $1.source.name }
    }

    /// Remembers which patterns name nothing that is read, nor anything that would be if nothing were wrong.
    /// `isFaulty`: what the scan found.
    func noteEmptyPatterns(_ found: FileFinder.Result, _ isFaulty: (String) -> Bool) {
        emptyPatterns = Set(options.patterns.map(\.path)).subtracting(found.closedFolders.map(\.pattern.path))
        for one in found.files + found.again where emptyPatterns.contains(one.pattern.path) {
            let isRead = logs[one.path]?.open.isEmpty == false
            if isRead || isFaulty(one.path) { emptyPatterns.remove(one.pattern.path) }
        }
    }
}
