// Descriptors are few: files that left their paths are held open for a while, but not where others want their place.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// Closes what left its path and has been quiet since. Where descriptors are wanted for others, at once: what is
    /// written to a rotated file behind that is found when its log is looked at.
    /// - Returns: how many were closed.
    @discardableResult
    func retire(_ time: SourceTime, wanted: Int = 0, _ output: inout SourceOutput) -> Int {
        var closed = 0
        for file in files.values where !file.isCurrent && file.isDrained && !turns.contains(file.key) {
            guard let left = file.leftAt else { continue }
            let isDeleted = ((try? file.descriptor?.status().links) ?? 0) == 0
            var keep = isDeleted ? options.keepDeleted : options.keepRotated
            if closed < wanted { keep = isDeleted ? min(keep, Self.keepDeletedInWant) : .zero }
            guard time.monotonic >= max(left, file.lastGrowth) + keep else { continue }
            // Where its text is by now, in an archive or nowhere, is found when its log is looked at.
            close(file, time, &output)
            closed += 1
            if isDeleted { unaccounted.insert(file.path) }
        }
        return closed
    }

    /// What a daemon writes to a deleted file that is closed is lost.
    private static let keepDeletedInWant = Duration.seconds(2)

    /// Files that cannot be opened for want of descriptors. Where those that left their paths are about to make room, that
    /// is no fault: they are looked at again soon.
    func refuse(_ look: inout Look, isRoomToCome: Bool, _ output: inout SourceOutput) {
        if isRoomToCome { wantScan() }
        for found in look.refused {
            let path = found.path
            if isRoomToCome, faults[path] == nil { continue }
            look.faulty.insert(path)
            let error = SystemError("open", LogPath.shown(path), errno: EMFILE)
            say(path, path, error.description + Remedy.text(EMFILE, path: path), &output)
        }
    }
}
