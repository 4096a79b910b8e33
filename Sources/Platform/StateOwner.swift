// Root's commands at the state of a daemon that does not run. That folder belongs to the daemon's user, who is not root's
// equal: a daemon that was taken over may have put links, FIFOs and a database made to break SQLite there.
//
// What must stay true: a command is that user before it opens, makes or locks anything there, and cannot be root again. A
// way back, as seteuid(2) leaves one, would be a way for whoever breaks SQLite too. A command has one thread and one thing
// to do there, and needs root's rights no more when it is done.

import CPlatform
import Glibc

package enum StateOwner {
    /// This process is the owner of `folder` from now on, with that user's primary group alone. For who is not root, and
    /// where the folder is root's or is not there, nothing changes. What root alone may read is to be read before.
    package static func become(of folder: String) throws(SystemError) {
        guard geteuid() == 0, var owner = try FileStatus.of(folder, followingLinks: false) else { return }
        // A link of root's leads where root wants; one of another's is followed as that other.
        if owner.isLink, owner.owner == 0 {
            guard let target = try FileStatus.of(folder) else { return }
            owner = target
        }
        guard owner.owner != 0 else { return }
        let group = getpwuid(owner.owner)?.pointee.pw_gid ?? owner.group
        try retrying("become the owner of", folder) { herald_become(owner.owner, group) }
    }
}
