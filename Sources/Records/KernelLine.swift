// Which lines of files the kernel wrote. The journal vouches for its own (`_TRANSPORT=kernel`); a file does not, and whoever
// gets a word into one could write "Kernel panic" there: a mail client that Exim's log quotes, a visitor whom an application's
// log repeats.
// Must stay true: a line that names no program is the kernel's only by its form (`LineHeader+Kernel`). One with nothing before
// its text is it where the file is the kernel's, where the text names it, or where it is a report over several lines; else
// it counts only as far as it begins with what a rule looks for (`Decision`), for what is quoted stands behind other words.

package enum KernelLine {
    /// Whether a source holds what the kernel says, as it says it: its log, what dmesg wrote, a console that was recorded.
    package static func isOfKernel(_ source: Source) -> Bool {
        guard case .file(let path) = source else { return false }
        let parts = path.lowercased().split(separator: "/").suffix(2)
        guard let name = parts.last else { return false }
        return beginnings.contains { name.hasPrefix($0) } || middles.contains { name.contains($0) }
            || (parts.count > 1 && parts.first == "console")
    }

    private static let beginnings = ["kern", "dmesg", "vmcore-dmesg", "netconsole", "messages", "syslog"]
    /// libvirt, Xen and conserver name the records of consoles so.
    private static let middles = ["-serial", "-console", "ttys"]

    /// Whether a text with nothing before it begins with the kernel's name.
    package static func isNamed(_ message: some Sequence<UInt8>) -> Bool { message.starts(with: "kernel: ".utf8) }

    /// Whether a match that begins at `start` stands where the kernel's words begin: at the beginning of a line.
    package static func isBeginning(_ start: Int, of message: UnsafeBufferPointer<UInt8>) -> Bool {
        guard start > 0, start < message.count else { return start == 0 }
        return message[start] == 0x0a || message[start - 1] == 0x0a
    }

    /// Whether a message is a report of the kernel's over several lines: an oops, a warning, a stall.
    package static func isReport(_ message: [UInt8]) -> Bool {
        TraceState.language(of: message, isKernel: false) == .kernel
    }
}
