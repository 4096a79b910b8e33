// herald-extract: one untrusted document from standard input, its text as JSON on standard output, then exit. Started by
// the responder, one process per document, with nothing but the document's pipe.
//
//   herald-extract KIND                 pdf, txt, json or html
//   herald-extract --self-test PATH…    inside the sandbox, tries each path, a socket and its parent; exit 0 when all
//                                       fail. Says Landlock's ABI, 0 for a kernel without
//
// Exit codes: 0 text · 1 the self-test found a breach · 2 wrong use · 65 the document is damaged, encrypted or of another
// kind · 69 a program is missing · 70 no sandbox · 75 a limit was hit · 128 + n ended by signal n (152: the CPU limit).

import Formats
import Glibc
import Mail
import Platform

package enum Extractor {
    /// Reads `bytes` as a document of this kind. The caller is inside the sandbox.
    package static func extract(_ bytes: [UInt8], as kind: DocumentKind) throws(ExtractionFault) -> ExtractedText {
        // At best four octets of plain text (CR LF in UTF-16) become one.
        guard kind != .txt || bytes.count <= 4 * ExtractionLimits.textBytes else {
            throw ExtractionFault(.limit, tooMuch)
        }
        let result =
            switch kind {
            case .pdf: try PDFText.extract(bytes)
            case .json: try ResumeJSON.extract(bytes)
            case .html: html(bytes)
            case .txt: ExtractedText(kind: .txt, text: CharsetGuess.decode(bytes))
            }
        return try bounded(result)
    }

    private static let tooMuch = "more text than \(ExtractionLimits.textBytes >> 20) MiB"

    /// Whoever reads the result has more to lose than this process: no text beyond a limit leaves it.
    private static func bounded(_ text: ExtractedText) throws(ExtractionFault) -> ExtractedText {
        guard text.text.utf8.count <= ExtractionLimits.textBytes else {
            throw ExtractionFault(.limit, tooMuch)
        }
        var text = text
        text.links = Array(text.links.filter { $0.utf8.count <= ExtractionLimits.wordBytes }.prefix(200))
        for word in [text.email, text.personName] where (word?.utf8.count ?? 0) > ExtractionLimits.wordBytes {
            throw ExtractionFault(.limit, "an address or a name of \(word?.utf8.count ?? 0) octets")
        }
        return text
    }

    private static func html(_ bytes: [UInt8]) -> ExtractedText {
        let page = HTMLText(CharsetGuess.decode(bytes))
        var result = ExtractedText(kind: .html, text: page.text)
        result.links = page.links
        return result
    }

    /// The whole program: its exit code.
    package static func main(_ words: [String]) -> Int32 {
        do throws(ExtractionFault) {
            guard let word = words.first else { throw ExtractionFault(.usage, "which kind of document?") }
            let abi = try enterSandbox(startsPrograms: word == DocumentKind.pdf.rawValue)
            if word == "--self-test" { return selfTest(Array(words.dropFirst()), landlock: abi) }
            guard words.count == 1, let kind = DocumentKind(rawValue: word) else {
                let known = DocumentKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ExtractionFault(.usage, "expected one of \(known)")
            }
            let text = try extract(try input(), as: kind)
            print(text.json)
            return 0
        } catch {
            print(["herald-extract": 1, "error": .string(error.text)])
            return error.kind.rawValue
        }
    }

    private static func enterSandbox(startsPrograms: Bool) throws(ExtractionFault) -> Int {
        do throws(SystemError) {
            return try ExtractionSandbox.enter(startsPrograms: startsPrograms)
        } catch {
            throw ExtractionFault(.sandbox, "\(error)")
        }
    }

    private static func input() throws(ExtractionFault) -> [UInt8] {
        do throws(SystemError) {
            return try Files.readAll(Descriptor(owning: 0), limit: ExtractionLimits.inputBytes)
        } catch {
            throw ExtractionFault(error.errno == EFBIG ? .limit : .document, "\(error)")
        }
    }

    private static func selfTest(_ paths: [String], landlock: Int) -> Int32 {
        let breaches = ExtractionSandbox.breaches(trying: paths)
        print([
            "herald-extract": 1, "landlock": .int(Int64(landlock)), "breaches": .array(breaches.map { .string($0) }),
        ])
        return breaches.isEmpty ? 0 : 1
    }

    private static func print(_ value: JSON) {
        try? Descriptor(owning: 1).write((value.text + "\n").utf8)
    }
}
