import Formats
import Testing

@testable import Mailing

@Suite struct TokenOwnerTests {
    @Test(
        "names of files are no paths, whatever an account is called",
        arguments: ["../../x", "a/b", ".", "ü b", String(repeating: "é", count: 200)])
    func names(_ name: String) {
        let file = TokenOwner.account(name).fileName
        #expect(!file.contains("/") && file.hasPrefix("account-") && file.utf8.count < 200)
        #expect(file != TokenOwner.sentFolder(alias: name).fileName)
    }

    @Test(
        "an owner comes back from what stands on the control socket",
        arguments: [TokenOwner.account("a b"), .sentFolder(alias: "ü")])
    func roundTrip(_ owner: TokenOwner) {
        #expect(TokenOwner(owner.json) == owner)
        #expect(TokenOwner(["other": "x"]) == nil && TokenOwner(.null) == nil)
    }
}
