// inotify for the responder.

import Glibc
import Platform

/// inotify on the drop folders: when to look, never what is there.
final class FolderHints {
    private let inotify: Inotify

    init() throws(SystemError) { inotify = try Inotify() }

    var descriptor: Descriptor { inotify.descriptor }

    /// Adding a watch again changes nothing; a folder that cannot be watched is looked at each minute.
    func watch(_ folders: [String]) {
        let mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
        for folder in folders { _ = try? inotify.add(folder, UInt32(mask)) }
    }

    func clear() { while !inotify.events().isEmpty {} }
}
