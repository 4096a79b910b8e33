// Text of a PDF, by poppler's programs: pdfinfo for the pages and the links (a mailto: behind a picture is found nowhere
// else), pdftotext for the text. Both read the document from a pipe.

import Formats
import Platform

enum PDFText {
    static let programs = (text: "/usr/bin/pdftotext", info: "/usr/bin/pdfinfo")

    static func extract(_ bytes: [UInt8]) throws(ExtractionFault) -> ExtractedText {
        let limit = ExtractionLimits.outputBytes(input: bytes.count)
        let info = try run([programs.info, "-"], bytes, limit: 1 << 20)
        let raw = try run([programs.text, "-layout", "-enc", "UTF-8", "-"] + ["-"], bytes, limit: limit)
        let text = CharsetGuess.decode(raw)
        var result = ExtractedText(kind: .pdf, text: text)
        result.pages = pages(info)
        result.links = links((try? run([programs.info, "-url", "-"], bytes, limit: 1 << 20)) ?? [])
        // A page of text has hundreds of letters; a scan has none, or a stamp of its scanner.
        let letters = text.unicodeScalars.lazy.filter { $0.properties.isAlphabetic }.prefix(4000).count
        result.isScan = letters < 20 * min(100, max(1, result.pages ?? 1))
        return result
    }

    private static func run(_ arguments: [String], _ bytes: [UInt8], limit: Int) throws(ExtractionFault) -> [UInt8] {
        var child = ChildProcess(arguments, deadline: .seconds(25))
        child.outputLimit = limit
        child.isConfined = true
        let result: ChildProcess.Result
        do throws(SystemError) {
            result = try child.run(input: bytes)
        } catch {
            throw ExtractionFault(.missing, "\(error)")
        }
        switch result.ending {
        case .exited(0): return result.output
        case .timedOut: throw ExtractionFault(.limit, "reading took longer than 25 seconds")
        case .tooMuchOutput: throw ExtractionFault(.limit, "more text than \(limit) bytes, out of \(bytes.count)")
        case .exited(127):
            throw ExtractionFault(.missing, "\(arguments[0]) could not be run; is poppler-utils installed?")
        case .exited(let code):
            let words = Printable.text(result.errors.prefix { $0 != 0x0a }, limit: 200)
            // 128 + signal: SIGXCPU, SIGKILL or an allocation beyond the limit, which poppler ends by SIGABRT.
            if code > 128 { throw ExtractionFault(.limit, "the reader was stopped by signal \(code - 128) \(words)") }
            if words.contains("ncorrect password") { throw ExtractionFault(.document, "the document is encrypted") }
            if words.contains("Out of memory") { throw ExtractionFault(.limit, words) }
            throw ExtractionFault(.document, words.isEmpty ? "the reader ended with code \(code)" : words)
        }
    }

    private static func pages(_ info: [UInt8]) -> Int? {
        for line in String(decoding: info, as: UTF8.self).pieces(at: "\n") where line.begins("Pages:") {
            return Int(line.dropFirst(6).filter { $0.isNumber })
        }
        return nil
    }

    /// The addresses of `pdfinfo -url`'s lines: page, type, URL.
    private static func links(_ output: [UInt8]) -> [String] {
        var links: [String] = []
        for line in output.split(separator: 0x0a) where links.count < 200 {
            let words = line.split { $0 == 0x20 || $0 == 0x0d }
            guard let url = words.last, url.count <= 400 else { continue }
            let text = String(decoding: url, as: UTF8.self)
            if text.lowercased().begins("mailto:") { links.append(text) }
        }
        return links
    }
}
