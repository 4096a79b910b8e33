// Which lines of files the kernel wrote. The journal vouches for its own (`_TRANSPORT=kernel`); a file does not, and whoever
// gets a word into one could write "Kernel panic" there: a mail client that Exim's log quotes, a visitor whom an application's
// log repeats.
// Must stay true: a line that names no program is the kernel's only by its form (`LineHeader+Kernel`), and one with nothing
// before its text only where the file is the kernel's, or where it is a report of the kernel's over several lines.

package enum KernelLine {
    /// Whether a source holds what the kernel says, as it says it: its log, what dmesg wrote, a console that was recorded.
    package static func isOfKernel(_ source: Source) -> Bool {
        guard case .file(let path) = source else { return false }
        // What is piped in, or stands in an example, has no name.
        if path == "-" { return true }
        let parts = path.lowercased().split(separator: "/").suffix(2)
        guard let name = parts.last else { return false }
        return beginnings.contains { name.hasPrefix($0) } || middles.contains { name.contains($0) }
            || (parts.count > 1 && parts.first == "console")
    }

    private static let beginnings = ["kern", "dmesg", "vmcore-dmesg", "netconsole", "messages", "syslog"]
    /// libvirt, Xen and conserver name the records of consoles so.
    private static let middles = ["-serial", "-console", "ttys"]

    /// Whether a message is a report of the kernel's over several lines: an oops, a warning, a stall.
    package static func isReport(_ message: [UInt8]) -> Bool {
        TraceState.language(of: message, isKernel: false) == .kernel
    }
}
