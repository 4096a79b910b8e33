// Filing a copy of what was sent, by IMAP (RFC 3501) through curl. What must stay true: a copy is filed once, so that before
// whatever may be a repetition the folder is searched for the message's id, and nothing is filed where that cannot be done.
//
// curl puts \Seen on what it appends by itself (CURLOPT_UPLOAD_FLAGS(3)).

import Authorization
import Formats
import Platform
import SMTPProtocol

/// Why a copy was not filed.
package struct FilingFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server's words, or curl's; safe to show.
    package var words: String
    package var remedy: String
    /// The server, the login or the folder is at fault, and not this copy: others need not try now.
    package var concernsAll: Bool
    /// The access token was refused.
    package var isTokenRefused = false

    package init(words: String, remedy: String = "", concernsAll: Bool = true) {
        (self.words, self.remedy, self.concernsAll) = (words, remedy, concernsAll)
    }

    package var description: String { remedy.isEmpty ? words : "\(words) (\(remedy))" }
}

/// A mailbox with a folder for what was sent. Blocks; any thread.
package struct SentMailbox: Sendable {
    package var server: ServerAddress
    /// From the first byte, else by STARTTLS; there is nothing else.
    package var isTLS: Bool
    package var login: Login
    /// curl's name of a mechanism (`PLAIN`); nil: its choice.
    package var mechanism: String?
    package var caFile: String?
    /// Nil: the one that the server names.
    package var folder: String?

    package init(server: ServerAddress, isTLS: Bool, login: Login) {
        (self.server, self.isTLS, self.login) = (server, isTLS, login)
    }

    /// Of a look, and of an APPEND with so many bytes.
    private static let deadline = Duration.seconds(60)
    /// After which no attempt is under way any more, whatever it does.
    package static func longest(bytes: Int) -> Duration { deadline * 3 + uploadTime(bytes) }
    /// At 10 kB/s at least.
    private static func uploadTime(_ bytes: Int) -> Duration { deadline + .milliseconds(bytes / 10) }

    /// The folder as it stands on the wire: asks the server where the settings do not say.
    package func findFolder() throws(FilingFault) -> [UInt8] {
        if let folder { return FolderName.encoded(folder) }
        // RFC 6154 section 2: servers mark the folder in every LIST or when they are asked to (RFC 5258).
        for command in [#"LIST "" "*" RETURN (SPECIAL-USE)"#, #"LIST "" "*""#] {
            let reply = try ask("", command)
            if reply.code == 0, let name = FolderName.sent(in: reply.body) { return name }
            if reply.code != 0, reply.refusal?.hasPrefix("BAD") != true { throw fault(reply) }
        }
        throw FilingFault(
            words: "the server marks no folder as the one for what was sent",
            remedy: "set sent_folder's 'folder' to its name")
    }

    /// Whether the folder has a message of that id (`<…>`).
    package func has(_ messageID: String, in folder: [UInt8]) throws(FilingFault) -> Bool {
        guard !messageID.isEmpty, messageID.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c })
        else {
            throw FilingFault(words: "the letter has no Message-ID that can be searched for", concernsAll: false)
        }
        let reply = try ask(path(folder), #"SEARCH HEADER Message-ID "\#(messageID)""#)
        guard reply.code == 0 else { throw fault(reply) }
        let lines = reply.body.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d })
        guard let found = lines.last(where: { $0.starts(with: "* SEARCH".utf8) }) else {
            throw FilingFault(words: "the server does not answer the search", concernsAll: false)
        }
        return found.dropFirst("* SEARCH".utf8.count).contains { (0x30...0x39).contains($0) }
    }

    /// Files the message.
    package func append(_ message: [UInt8], to folder: [UInt8]) throws(FilingFault) {
        let reply: CurlReply
        do throws(CurlFault) {
            // curl takes the size from fstat(2), which of a pipe says none.
            let file: Descriptor
            do throws(SystemError) { file = try Descriptor.inMemory(message) } catch {
                throw CurlFault(words: "\(error)")
            }
            var request = try request(path(folder))
            try request.option("upload-file", "/dev/fd/3")
            reply = try request.run(deadline: Self.uploadTime(message.count), extra: file)
        } catch { throw Self.fault(error) }
        guard reply.code == 0 else { throw fault(reply) }
    }

    private func ask(_ path: String, _ command: String) throws(FilingFault) -> CurlReply {
        do throws(CurlFault) {
            var request = try request(path)
            try request.option("request", command)
            return try request.run(deadline: Self.deadline)
        } catch { throw Self.fault(error) }
    }

    private func request(_ path: String) throws(CurlFault) -> CurlRequest {
        let scheme = isTLS ? "imaps" : "imap"
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        var request = try CurlRequest(url: "\(scheme)://\(host):\(server.port)/\(path)", protocols: scheme)
        if !isTLS { request.flag("ssl-reqd") }
        // For the server's own words of a refusal.
        request.flag("verbose")
        if let caFile { try request.option("cacert", caFile) }
        switch login {
        case .password(let name, let password):
            try request.option("user", Secret(.text("\(name):"), .secret(password)))
            if let mechanism { try request.option("login-options", "AUTH=\(mechanism)") }
        case .token(let name, let token):
            try request.option("user", "\(name):")
            try request.option("oauth2-bearer", token)
            try request.option("login-options", "AUTH=\(mechanism ?? "XOAUTH2")")
        case .certificate: throw CurlFault(words: "a certificate does not log in here")
        }
        return request
    }

    private func path(_ folder: [UInt8]) -> String {
        String(decoding: PercentEncoding.bytes(folder), as: UTF8.self)
    }
}

extension SentMailbox {
    private static func fault(_ fault: CurlFault) -> FilingFault { FilingFault(words: fault.words) }

    /// curl(1), "EXIT CODES".
    private func fault(_ reply: CurlReply) -> FilingFault {
        let refusal = reply.refusal
        var fault = FilingFault(words: refusal ?? reply.words)
        let code =
            refusal?.split(separator: "[").dropFirst().first?.split(separator: "]").first.map { $0.uppercased() } ?? ""
        switch reply.code {
        case _ where code.hasPrefix("OVERQUOTA"):
            fault.remedy = "the mailbox is full: make room in it"
        case _ where code.hasPrefix("TRYCREATE") || code.hasPrefix("NONEXISTENT"):
            fault.remedy = "make the folder, or set sent_folder's 'folder' to the name of one that is there"
        case _ where code.hasPrefix("TOOBIG") || code.hasPrefix("LIMIT"): fault.concernsAll = false
        // "Select failed" is told by the same number.
        case 67 where !reply.words.contains("Select"):
            if case .token = login { fault.isTokenRefused = true }
            fault.remedy =
                "check sent_folder's login" + (fault.isTokenRefused ? ", and what its token is for" : " and password")
        case 67, 78: fault.remedy = "check sent_folder's 'folder'"
        case 25: fault.concernsAll = false
        case 60: fault.remedy = "set sent_folder's ca_file, if the server's certificate is your own"
        case 77: fault.remedy = "check sent_folder's ca_file"
        case 64: fault.remedy = "the server offers no TLS there: check sent_folder's port and security"
        case 35: fault.remedy = "check sent_folder's port and security"
        case 6, 7: fault.remedy = "check sent_folder's server and port"
        default: break
        }
        return fault
    }
}
