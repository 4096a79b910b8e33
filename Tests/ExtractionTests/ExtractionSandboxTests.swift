import Formats
import Glibc
import Platform
import Testing

@testable import Extraction

/// The built program beside the tests.
enum BuiltProgram {
    static var extract: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = max(0, readlink("/proc/self/exe", &buffer, 4095))
        let own = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Files.split(own).directory + "/herald-extract"
    }

    static func run(_ words: [String], input: [UInt8] = []) throws -> ChildProcess.Result {
        var child = ChildProcess([extract] + words, deadline: .seconds(60))
        child.outputLimit = 100 << 20
        return try child.run(input: input)
    }
}

@Suite("herald-extract")
struct ExtractionSandboxTests {
    @Test("can open neither the responder's state, nor incoming/, nor a socket")
    func selfTest() throws {
        let folder = "/tmp/herald-extract-test-\(getpid())"
        try Files.makeDirectories(folder + "/incoming/responder")
        try Files.write(Array("x".utf8), to: folder + "/responder.db", mode: 0o644)
        defer { try? Files.removeTree(folder) }
        let result = try BuiltProgram.run([
            "--self-test", folder, folder + "/responder.db", folder + "/incoming/responder", "/etc/passwd",
        ])
        #expect(result.ending == .exited(0), "\(String(decoding: result.output, as: UTF8.self))")
        #expect(try Files.list(folder) == ["incoming", "responder.db"])
        #expect(try JSON.parse(result.output)["landlock"]?.int != nil)
    }

    @Test("gives out no more text than a resume can have", arguments: ["txt", "html", "json"])
    func textLimit(_ kind: String) throws {
        let text = [UInt8](repeating: 0x61, count: ExtractionLimits.textBytes + 1)
        let input = kind == "json" ? Array("[\"".utf8) + text + Array("\"]".utf8) : text
        let result = try BuiltProgram.run([kind], input: input)
        #expect(result.ending == .exited(75))
        #expect(result.output.count < 1000)
    }

    @Test("keeps no link and no name beyond its bounds")
    func words() throws {
        let long = String(repeating: "a", count: ExtractionLimits.wordBytes + 1)
        let page = "<a href=\"mailto:\(long)\">x</a><a href=\"mailto:a@b.example\">y</a>"
        let result = try BuiltProgram.run(["html"], input: Array(page.utf8))
        #expect(try JSON.parse(result.output)["links"]?.array == ["mailto:a@b.example"])
        let resume = Array(#"{"basics":{"email":"\#(long)"}}"#.utf8)
        #expect(try BuiltProgram.run(["json"], input: resume).ending == .exited(75))
    }

    @Test("would tell if it could")
    func breachesAreSeen() {
        #expect(!ExtractionSandbox.breaches(trying: ["/tmp"]).isEmpty)
    }

    @Test("reads a PDF within its sandbox")
    func pdf() throws {
        let result = try BuiltProgram.run(
            ["pdf"],
            input: SamplePDF.make(["Jane Example", "jane@applicants.example"], link: "mailto:jane@applicants.example"))
        #expect(result.ending == .exited(0), "\(String(decoding: result.output, as: UTF8.self))")
        let value = try JSON.parse(result.output)
        #expect(value["text"]?.string?.contains("jane@applicants.example") == true)
        #expect(value["pages"]?.int == 1)
        #expect(value["links"]?.array == ["mailto:jane@applicants.example"])
    }

    @Test("tells a scan, a damaged document and wrong words apart")
    func endings() throws {
        let scan = try BuiltProgram.run(["pdf"], input: SamplePDF.make([]))
        #expect(try JSON.parse(scan.output)["scan"]?.bool == true)
        #expect(try BuiltProgram.run(["pdf"], input: Array("no PDF".utf8)).ending == .exited(65))
        #expect(try BuiltProgram.run(["json"], input: Array("{".utf8)).ending == .exited(65))
        #expect(try BuiltProgram.run([]).ending == .exited(2))
        #expect(try BuiltProgram.run(["exe"]).ending == .exited(2))
        #expect(try BuiltProgram.run(["txt"], input: []).ending == .exited(0))
    }

    @Test("stops at the limit of input")
    func limit() throws {
        let large = [UInt8](repeating: 0x61, count: ExtractionLimits.inputBytes + 2)
        #expect(try BuiltProgram.run(["txt"], input: large).ending == .exited(75))
    }
}

/// A PDF of one page, written by hand (ISO 32000-1, 7.5).
enum SamplePDF {
    static func make(_ lines: [String], link: String? = nil) -> [UInt8] {
        var content = "BT /F1 11 Tf 60 780 Td 15 TL\n"
        for line in lines {
            content += "(" + line.map { "()\\".contains($0) ? "\\\($0)" : String($0) }.joined() + ") Tj T*\n"
        }
        content += "ET"
        let annotation =
            link.map { "/Annots [<</Type /Annot /Subtype /Link /Rect [60 780 200 790] /A <</S /URI /URI (\($0))>> >>]" }
            ?? ""
        let objects = [
            "<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
            "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> \(annotation)>>",
            "<</Length \(content.utf8.count)>>\nstream\n\(content)\nendstream",
            "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
        ]
        var file = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(file.utf8.count)
            file += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let start = file.utf8.count
        file +=
            "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n" + offsets.map { pad($0, 10) + " 00000 n \n" }.joined()
        file += "trailer\n<</Size \(objects.count + 1) /Root 1 0 R>>\nstartxref\n\(start)\n%%EOF\n"
        return Array(file.utf8)
    }
}
