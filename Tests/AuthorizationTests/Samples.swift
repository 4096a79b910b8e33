// Clients and answers for the tests of this module.

import Authorization
import Formats
import SMTPProtocol

func client(
    _ way: OAuthClient.Way, _ provider: OAuthClient.Provider = .custom, secret: String? = nil,
    scopes: [String] = ["mail"]
) -> OAuthClient {
    OAuthClient(
        provider: provider, way: way, id: "id of ours", secret: secret.map { Secret($0) }, scopes: scopes,
        endpoints: OAuthEndpoints(
            token: "https://a.example/token", device: "https://a.example/device", authorization: "https://a.example/go")
    )
}

func http(_ status: Int, _ body: String, retryAfter: String = "") -> OAuthAnswer {
    .http(status: status, retryAfter: retryAfter, body: Array(body.utf8))
}

extension Secret {
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
