// Names of devices whose number is part of the name: two disks, two arrays, two interfaces are two faults. Only names that a
// host has few of and keeps: a disk's, an array's, an interface's. Those that come and go by the hundred (loops, taps, containers'
// interfaces, processors) are none here, and their numbers vary like any other.
// Must stay true: what is a name does not depend on which digits stand in it (`MessageShape`).

enum DeviceName {
    /// Whether the word is one: `sda1`, `md0`, `nvme0n1p2`, `mmcblk0`, `eth0`, `enp3s0f1`.
    static func isName(_ word: ArraySlice<UInt8>) -> Bool {
        guard (3...15).contains(word.count), let digit = word.firstIndex(where: VariableToken.isDigit) else {
            return false
        }
        let letters = word[..<digit]
        let rest = word[digit...]
        guard (2...6).contains(letters.count), letters.allSatisfy({ $0 &- 0x61 < 26 }) else { return false }
        switch String(decoding: letters, as: UTF8.self) {
        case "md", "sr", "st", "nst", "zd", "nbd", "rbd", "drbd", "bcache", "eth", "wlan", "bond", "team", "br",
            "vmbr", "ib":
            return isNumber(rest)
        case "nvme", "mmcblk": return isChain(rest, of: "cnp")
        case "eno", "ens", "enp", "wlp", "wls", "wlo", "ibp", "ibs": return isChain(rest, of: "sfndpui")
        default: return isDisk(letters) && isNumber(rest)
        }
    }

    /// Where the number of a device of the mapper ends, `dm-3`, that begins at `start`; nil where none does.
    static func mapperEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        guard start > 2, bytes[start - 1] == 0x2d, bytes[start - 2] == UInt8(ascii: "m"),
            bytes[start - 3] == UInt8(ascii: "d"), start == 3 || !VariableToken.isWord(bytes[start - 4])
        else { return nil }
        var end = start
        while end < bytes.count, VariableToken.isDigit(bytes[end]) { end += 1 }
        return (1...3).contains(end - start) && (end == bytes.count || !VariableToken.isWord(bytes[end])) ? end : nil
    }

    /// Folders below `/dev` whose names are not devices', or those of devices that come and go.
    private static let passing = ["shm", "pts", "fd", "mqueue", "loop", "tty", "vhost", "char"].map { Array($0.utf8) }

    /// Where the name ends that stands behind `/dev/`, at `start`: `/dev/mapper/vg0-root`. Nil where it is none to keep.
    static func pathEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        guard bytes.count - start > 5, bytes[start] == 0x2f, bytes[start + 1] == UInt8(ascii: "d"),
            bytes[start + 2] == UInt8(ascii: "e"), bytes[start + 3] == UInt8(ascii: "v"), bytes[start + 4] == 0x2f
        else { return nil }
        let name = UnsafeBufferPointer(rebasing: bytes[(start + 5)...])
        if passing.contains(where: { name.starts(with: $0) }) { return nil }
        var end = start + 5
        while end < bytes.count, VariableToken.isPathByte(bytes[end]) || bytes[end] == UInt8(ascii: "/") { end += 1 }
        while end > start + 5, VariableToken.isSentenceEnd(bytes[end - 1]) { end -= 1 }
        return end - start <= 128 ? end : nil
    }

    /// `sda`, `vdb`, `xvdc`, `hda`, with up to two letters more.
    private static func isDisk(_ letters: ArraySlice<UInt8>) -> Bool {
        for prefix in ["sd", "vd", "xvd", "hd"] where letters.starts(with: prefix.utf8) {
            return (1...3).contains(letters.count - prefix.utf8.count)
        }
        return false
    }

    private static func isNumber(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.count <= 3 && digits.allSatisfy(VariableToken.isDigit)
    }

    /// Numbers with one of these letters between each two.
    private static func isChain(_ rest: ArraySlice<UInt8>, of letters: StaticString) -> Bool {
        var run = 0
        for byte in rest {
            if VariableToken.isDigit(byte) {
                run += 1
                if run > 3 { return false }
            } else {
                guard run > 0 || byte == UInt8(ascii: "p"), letters.withUTF8Buffer({ $0.contains(byte) }) else {
                    return false
                }
                run = 0
            }
        }
        return run > 0
    }
}
