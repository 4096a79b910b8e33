import MailRouting
import Testing

@Suite struct STSRecordTests {
    private func id(_ records: String...) -> String? { STSRecord(parsing: records.map { Array($0.utf8) })?.id }

    @Test("a record's id, with and without blanks and what is for extensions") func wellFormed() {
        #expect(id("v=STSv1; id=20160831085700Z;") == "20160831085700Z")
        #expect(id("v=STSv1;id=a") == "a")
        #expect(id("v=STSv1 \t; \tid\t=\t1 ; later=x=y") == "1")
        #expect(id("v=STSv1; ext=%21; id=1; id=2") == "1")
        #expect(id("v=STSv1;;id=1;") == "1")
    }

    @Test("other TXT records beside it do not matter; a second one of its kind does") func several() {
        #expect(id("v=spf1 -all", "v=STSv1; id=1;", "v=STSv10; id=2;", "V=STSv1; id=3") == "1")
        #expect(id("v=STSv1; id=1;", "v=STSv1; id=1;") == nil)
        #expect(id() == nil)
    }

    @Test(
        "what is malformed is none",
        arguments: [
            "", "v=STSv1", "v=STSv1;", "v=STSv1; id=;", "v=STSv1; id=a-b;",
            "v=STSv1; id=\(String(repeating: "a", count: 33));",
            "v=STSv1; x", "v=STSv1; id=1; x", "v=STSv2; id=1;", " v=STSv1; id=1", "v=STSv1; id=ä;",
            "v=STSv1; id=1\u{0};",
        ]) func malformed(_ text: String)
    { #expect(id(text) == nil) }
}
