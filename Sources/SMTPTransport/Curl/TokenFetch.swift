// Asking a token endpoint, by curl. Blocks for 30 s at most.

import Authorization
import Formats
import Platform
import SMTPProtocol

package enum TokenFetch {
    /// For the whole of a request.
    static let deadline = Duration.seconds(30)
    /// Answers have some kilobytes.
    static let limit = 256 << 10

    /// Whatever comes of it, it is an answer.
    /// - Parameter caFile: what the endpoint's certificate is checked with; nil: the system's.
    package static func answer(to request: OAuthRequest, caFile: String?) -> OAuthAnswer {
        do throws(CurlFault) {
            var curl = try CurlRequest(url: request.url, limit: limit)
            try curl.option("data", request.body)
            try curl.option("header", "Accept: application/json")
            if let caFile { try curl.option("cacert", caFile) }
            let reply = try curl.run(deadline: deadline)
            // 63: larger than anything that an endpoint says.
            guard reply.code == 0 else {
                let words = reply.code == 63 ? "the answer is larger than \(limit >> 10) KiB" : reply.words
                return .nothing("\(place(request.url)): \(words)", remedy: remedy(reply.code))
            }
            return .http(status: reply.httpStatus, retryAfter: reply.retryAfter, body: reply.body)
        } catch {
            return .nothing(error.isMissing ? error.words : "\(place(request.url)): \(error.words)")
        }
    }

    /// What no waiting mends, by curl's exit code (curl(1), "EXIT CODES").
    private static func remedy(_ code: Int32) -> String {
        switch code {
        case 6: "check oauth's token_url and tenant, and whether this host finds names"
        case 7, 28: "check oauth's token_url, and whether this host may reach it"
        case 35: "check oauth's token_url: nothing that speaks TLS answers there"
        case 51, 60:
            "check oauth's token_url; set its ca_file where the endpoint's certificate is of your own authority"
        case 77: "check oauth's ca_file: it must be certificates, in PEM, that the mailer may read"
        default: ""
        }
    }

    /// `https://login.example.org`
    private static func place(_ url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return Printable.text(parts.prefix(3).joined(separator: "/"), limit: 100)
    }
}
