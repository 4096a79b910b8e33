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
                return .nothing("\(place(request.url)): \(words)")
            }
            return .http(status: reply.httpStatus, retryAfter: reply.retryAfter, body: reply.body)
        } catch {
            return .nothing(error.isMissing ? error.words : "\(place(request.url)): \(error.words)")
        }
    }

    /// `https://login.example.org`
    private static func place(_ url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return Printable.text(parts.prefix(3).joined(separator: "/"), limit: 100)
    }
}
