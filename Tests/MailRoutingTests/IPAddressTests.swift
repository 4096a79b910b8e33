import MailRouting
import Testing

@Suite struct IPAddressTests {
    @Test(
        "addresses that are not anybody's in the internet",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1",
            "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1",
            "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::10.0.0.1",
            "2002:a00:1::",
            "2001:db8::1", "2001::1", "2001:1ff::1", "3fff::1", "3fff:fff::1", "fc00::1", "fdff::1", "fe80::1",
            "fec0::1",
            "ff02::1", "100::1", "4000::1",
        ]) func reserved(_ text: String) throws
    {
        let address = try #require(IPAddress(text: text))
        #expect(!address.isPublic)
    }

    @Test(
        "addresses on both sides of those are",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
            "169.253.0.1", "169.255.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.0.3.1", "192.167.255.255",
            "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.101.0", "203.0.112.255", "223.255.255.255",
            "2a00:1450::1a", "2001:4860:4860::8888", "2001:200::1", "64:ff9b::8.8.8.8", "2002:808:808::", "3ffe::1",
            "3fff:1000::1",
        ]) func free(_ text: String) throws
    {
        let address = try #require(IPAddress(text: text))
        #expect(address.isPublic)
        #expect(IPAddress(text: address.description) == address)
    }

    @Test(
        "what is no address", arguments: ["", "1.2.3", "1.2.3.4.5", "example.org", "fe80::1%eth0", "[::1]", "1.2.3.4 "])
    func refused(_ text: String) { #expect(IPAddress(text: text) == nil) }

    @Test("only 4 or 16 octets are one", arguments: 0...20) func count(_ count: Int) {
        #expect((IPAddress([UInt8](repeating: 1, count: count)) != nil) == (count == 4 || count == 16))
    }
}
