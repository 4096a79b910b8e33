// Who may change something by a control socket.

import Glibc

extension ControlPeer {
    /// The user's name, or `uid 1000` for a number without one.
    package var userName: String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1 << 14)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
        else { return "uid \(uid)" }
        return String(cString: name)
    }

    /// Root, the daemon's own user, and the members of the group `herald`.
    package var isPrivileged: Bool {
        uid == 0 || uid == geteuid() || Self.isMember(uid, primary: gid, of: "herald")
    }

    private static func isMember(_ uid: UInt32, primary: UInt32, of group: String) -> Bool {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        guard getgrnam_r(group, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return false }
        let wanted = entry.gr_gid
        if wanted == primary { return true }
        var user = passwd()
        var foundUser: UnsafeMutablePointer<passwd>?
        guard getpwuid_r(uid, &user, &buffer, buffer.count, &foundUser) == 0, foundUser != nil, let name = user.pw_name
        else { return false }
        var count: Int32 = 1024
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, primary, &groups, &count) >= 0 else { return false }
        return groups.prefix(Int(max(0, count))).contains(wanted)
    }
}
