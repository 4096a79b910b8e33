import Authorization
import Formats
import SMTPProtocol
import Testing

@Suite struct OAuthRequestTests {
    @Test("each grant says what its standard asks for, encoded") func grants() {
        let some = client(.deviceCode, secret: "a+b&c=ü", scopes: ["https://x.example/a", "b"])
        func body(_ grant: Grant) -> String { some.tokenRequest(grant).body.text }
        let end = "&client_id=id%20of%20ours&client_secret=a%2Bb%26c%3D%C3%BC"
        #expect(body(.refresh(Secret("r/1"))) == "grant_type=refresh_token&refresh_token=r%2F1" + end)
        #expect(
            body(.clientCredentials) == "grant_type=client_credentials&scope=https%3A%2F%2Fx.example%2Fa%20b" + end)
        #expect(
            body(.deviceCode(Secret("d")))
                == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d" + end)
        #expect(
            body(.authorizationCode(Secret("c"), redirect: "http://127.0.0.1:1/", verifier: Secret("v")))
                == "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F&code_verifier=v"
                + end)
        #expect(
            body(.assertion(Secret("j.w.t")))
                == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=j.w.t")
        #expect(some.tokenRequest(.clientCredentials).url == "https://a.example/token")
    }

    @Test("Microsoft and Google are asked where and for what they document")
    func providers() throws {
        let microsoft = try #require(OAuthEndpoints(.microsoft, tenant: "contoso.example/../x"))
        #expect(microsoft.token == "https://login.microsoftonline.com/contoso.example%2F..%2Fx/oauth2/v2.0/token")
        #expect(OAuthEndpoints(.microsoft, tenant: nil)?.device?.contains("/common/oauth2/v2.0/devicecode") == true)
        #expect(OAuthEndpoints(.google, tenant: nil)?.device == nil)
        #expect(OAuthEndpoints(.custom, tenant: nil) == nil)
        #expect(
            OAuthClient.Provider.microsoft.scopes(.deviceCode, imap: false) == [
                "https://outlook.office.com/SMTP.Send", "offline_access", "openid", "email", "profile",
            ])
        #expect(
            OAuthClient.Provider.microsoft.scopes(.deviceCode, imap: true).contains(
                "https://outlook.office.com/IMAP.AccessAsUser.All"))
        #expect(
            OAuthClient.Provider.microsoft.scopes(.clientCredentials, imap: true)
                == ["https://outlook.office365.com/.default"])
        #expect(OAuthClient.Provider.google.scopes(.serviceAccount, imap: true) == ["https://mail.google.com/"])
    }

    @Test("base64url is without padding, and strict") func base64() {
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
        for bytes in [[], [1], [1, 2], [1, 2, 3], Array(0...255)] as [[UInt8]] {
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
        }
        for bad in ["+/8", "-_8=", "a", "a\n", "ä"] { #expect(Base64URL.decode(bad.utf8) == nil, "\(bad)") }
    }
}
