// Each document is read by a fresh herald-extract: a process of its own group with a deadline, killed with its group.
// What it says is foreign text too.

import Formats
import Glibc
import Platform
import Replies

/// Where herald-extract is, and how it is asked.
package struct ExtractionProcess: Sendable {
    package enum Outcome: Sendable {
        case text(ResumeDocument)
        /// The document is damaged, encrypted or hit a limit; in words.
        case failed(String)
        /// herald-extract or a program that it needs could not be run: not the document's fault.
        case unavailable(String)
    }

    package let path: String
    private let deadline: Duration

    package init(path: String, deadline: Duration = .seconds(30)) {
        self.path = path
        self.deadline = deadline
    }

    /// Beside this program, else in /usr/lib/herald, else in /usr/libexec/herald; never by PATH.
    package static func find() -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folders = (count > 0 ? [Files.split(own).directory] : []) + ["/usr/lib/herald", "/usr/libexec/herald"]
        return folders.map { $0 + "/herald-extract" }.first { access($0, X_OK) == 0 }
    }

    /// What the sandbox lacks on this kernel, in words; nil when it is whole, or herald-extract cannot be run, which is
    /// told when a document is read.
    package func sandboxWarning() -> String? {
        guard let result = try? ChildProcess([path, "--self-test"], deadline: deadline).run(),
            let value = try? JSON.parse(result.output, maximumDepth: 8)
        else { return nil }
        let breaches = (value["breaches"]?.array ?? []).prefix(5).compactMap(\.string)
        if !breaches.isEmpty {
            return
                "the sandbox of herald-extract is open: \(Printable.text(breaches.joined(separator: "; "), limit: 300))"
        }
        return Self.landlockWarning(value["landlock"]?.int)
    }

    static func landlockWarning(_ abi: Int64?) -> String? {
        guard abi == 0 else { return nil }
        return "this kernel has no Landlock: herald-extract can read what herald-responder can; only the unit's own "
            + "sandbox stands around it"
    }

    /// Reads one document. `name` is for evidence, safe to show.
    package func read(_ bytes: [UInt8], kind: String, name: String) -> Outcome {
        var child = ChildProcess([path, kind], deadline: deadline)
        // A letter of text is at most six octets of JSON; herald-extract bounds the text.
        child.outputLimit = 32 << 20
        let result: ChildProcess.Result
        do throws(SystemError) {
            result = try child.run(input: bytes)
        } catch {
            return .unavailable("\(error)")
        }
        let value = try? JSON.parse(result.output, maximumDepth: 8)
        let words = Printable.text(value?["error"]?.string ?? "", limit: 200)
        switch result.ending {
        case .exited(0): break
        case .timedOut: return .failed("reading took longer than \(deadline.phrase)")
        case .tooMuchOutput: return .failed("more text than any resume has")
        case .exited(65), .exited(75): return .failed(words)
        case .exited(let code) where code > 128: return .failed("the reader was stopped by signal \(code - 128)")
        case .exited(let code): return .unavailable(words.isEmpty ? "\(path) ended with code \(code)" : words)
        }
        guard let value, value["herald-extract"]?.int == 1, let text = value["text"]?.string else {
            return .failed("herald-extract gave no text")
        }
        return .text(Self.document(value, text: text, kind: kind, name: name))
    }

    private static func document(_ value: JSON, text: String, kind: String, name: String) -> ResumeDocument {
        var document = ResumeDocument(name: name, kind: kind, text: text)
        document.links = (value["links"]?.array ?? []).prefix(200).compactMap(\.string)
        document.pages = value["pages"]?.int.flatMap { Int(exactly: $0) }
        document.isScan = value["scan"]?.bool ?? false
        if let structured = value["structured"], let format = structured["format"]?.string {
            document.structured = ResumeDocument.Structured(
                format: format, email: structured["email"]?.string, personName: structured["name"]?.string)
        }
        return document
    }
}
