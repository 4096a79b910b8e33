// Secrets on command lines, as sudo, audit and cron log them: `mysql -pSECRET`, `curl -u user:SECRET`.

extension SecretMask {
    /// A program that takes a secret by a short option.
    struct Program {
        /// What its name begins with.
        var name: [UInt8]
        var option: UInt8
        /// The secret may be the next argument.
        var isApart: Bool
        /// The secret begins behind this, within the argument.
        var sign: UInt8?

        init(_ name: String, _ option: Character, apart: Bool, after sign: Character? = nil) {
            self.name = Array(name.utf8)
            self.option = option.asciiValue ?? 0
            isApart = apart
            self.sign = sign?.asciiValue
        }

        static let all = [
            // `-p` alone asks for it, and what follows is a database.
            Program("mysql", "p", apart: false), Program("mariadb", "p", apart: false),
            Program("sshpass", "p", apart: true), Program("docker login", "p", apart: true),
            Program("podman login", "p", apart: true), Program("redis-cli", "a", apart: true),
            Program("ldap", "w", apart: true), Program("curl", "u", apart: true, after: ":"),
            Program("smbclient", "U", apart: true, after: "%"),
        ]
    }

    /// Remembers the program that is named here.
    mutating func noteProgram() {
        guard startsWord, let found = Program.all.first(where: { lower[at...].starts(with: $0.name) }) else { return }
        program = found
    }

    /// The secret of the option that stands here.
    mutating func maskArgument() -> Bool {
        guard let program, isAt(at, "-"), at > 0, bytes[at - 1] <= 0x20 else { return false }
        let isLong = program.sign != nil && bytes[at...].starts(with: "--user".utf8)
        guard isLong || (at + 1 < bytes.count && bytes[at + 1] == program.option) else { return false }
        var start = at + (isLong ? 6 : 2)
        let isAttached = start < bytes.count && bytes[start] > 0x20
        if isAttached, isLong, !isAt(start, "=") { return false }  // --user-agent
        if isAttached, isAt(start, "=") { start += 1 }
        if !isAttached {
            guard program.isApart else { return false }
            start = skippingBlanks(start)
        }
        if isAt(start, "'") || isAt(start, "\"") { start += 1 }
        let quote = start > 0 && (bytes[start - 1] == 0x22 || bytes[start - 1] == 0x27) ? bytes[start - 1] : 0x20
        let rest = bytes[min(start, bytes.count)...]
        let end = rest.firstIndex { quote == 0x20 ? $0 <= 0x20 : $0 == quote } ?? bytes.count
        if let sign = program.sign {
            guard let found = bytes[min(start, end)..<end].firstIndex(of: sign) else { return false }
            start = found + 1
        }
        guard end > start, !isAt(start, "-") else { return false }
        replace(start, end)
        return true
    }
}
