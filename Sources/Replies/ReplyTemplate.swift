// The letter's template: letters/*.yaml, in any number of languages. All faults at once, with their places.

import Formats
import YAML

/// A letter to applicants, before it is filled in.
package struct ReplyTemplate: Hashable, Sendable {
    /// The letter in one language.
    package struct Version: Hashable, Sendable {
        /// `en`, `de` …; empty when the template does not say.
        package var language: String
        /// Nil: the default subject.
        var subject: MergeText?
        var text: MergeText
        var html: MergeText?
    }

    /// In the file's order; never empty.
    package let versions: [Version]

    /// Reads a template file. The template is nil when there is any error.
    package static func load(_ bytes: [UInt8], file: String) -> (template: ReplyTemplate?, diagnostics: [Diagnostic]) {
        let collector = FaultCollector()
        do throws(Diagnostic) {
            let node = try YAMLReader.read(bytes, file: file)
            let source = String(decoding: bytes, as: UTF8.self).split(omittingEmptySubsequences: false) { $0.isNewline }
            let versions = read(node, MergeTextReader(source: source.map(String.init), collector: collector))
            if versions.isEmpty, !collector.hasErrors { collector.add(node.fault("the letter has no 'text'")) }
            return (collector.hasErrors ? nil : ReplyTemplate(versions: versions), collector.faults)
        } catch {
            return (nil, [error])
        }
    }

    private static func read(_ node: YAMLNode, _ reader: MergeTextReader) -> [Version] {
        var map = MapReader(node, subject: "the letter", collector: reader.collector)
        var versions: [Version] = []
        let language = map.string("language") ?? ""
        if let version = version(&map, language, reader, required: false) { versions.append(version) }
        for entry in map.value("languages").map({ languages($0, reader.collector) }) ?? [] {
            var inner = MapReader(
                entry.value, subject: "the letter in '\(entry.key.string ?? "")'", collector: reader.collector)
            if let version = version(&inner, entry.key.string ?? "", reader, required: true) {
                versions.append(version)
            }
            inner.finish()
        }
        map.finish()
        return versions
    }

    private static func languages(_ node: YAMLNode, _ collector: FaultCollector) -> [YAMLNode.Entry] {
        guard let entries = node.mapping else {
            collector.add(node.fault("'languages' must be a map of languages, not \(node.kind)"))
            return []
        }
        for entry in entries {
            let name = entry.key.string ?? ""
            if !(2...3).contains(name.utf8.count) || !name.utf8.allSatisfy({ (0x61...0x7a).contains($0) }) {
                collector.add(
                    entry.key.fault(
                        "'\(Printable.text(name, limit: 40))' is no language; expected a code such as en or de"))
            }
        }
        return entries
    }

    private static func version(
        _ map: inout MapReader, _ language: String, _ reader: MergeTextReader, required: Bool
    ) -> Version? {
        let subject = map.value("subject")
        let text = map.value("text")
        let html = map.value("html")
        guard let text else {
            if required || subject != nil || html != nil {
                reader.collector.add(map.node.fault("\(map.subject) has no 'text'"))
            }
            return nil
        }
        let subjectText = subject.flatMap(reader.read)
        let htmlText = html.flatMap(reader.read)
        guard let body = reader.read(text) else { return nil }
        return Version(language: language, subject: subjectText, text: body, html: htmlText)
    }

    /// The versions to send for a resume's language: its own, else all in one.
    func versions(for language: String?) -> [Version] {
        if let language, let own = versions.first(where: { $0.language == language }) { return [own] }
        return versions
    }

    /// The letter that is sent when the settings name none.
    package static let builtIn: ReplyTemplate = {
        let loaded = load(Array(builtInText.utf8), file: "built-in letter")
        // A test holds that the text below has no faults.
        return loaded.template
            ?? ReplyTemplate(versions: [
                Version(
                    language: "en", subject: nil,
                    text: MergeText(pieces: [.literal("We received your application. Thank you.\n")]), html: nil)
            ])
    }()

    /// The same words as packaging/letters/resume.yaml.
    package static let builtInText = """
        languages:
          en:
            text: |
              Dear {candidate.name|applicant},

              thank you for your application. We received it on {received} and will read it with care.
              You do not need to do anything now. We will write to you as soon as there is news.

              Reference: {reference}

              Kind regards
              {company}

              This letter was written automatically. You can reach a person at {contact}.
          de:
            text: |
              Guten Tag {candidate.name|liebe Bewerberin, lieber Bewerber},

              vielen Dank für Ihre Bewerbung. Sie ist am {received} bei uns eingegangen, und wir lesen sie in Ruhe.
              Sie müssen im Moment nichts weiter tun. Sobald es etwas Neues gibt, schreiben wir Ihnen.

              Zeichen: {reference}

              Freundliche Grüße
              {company}

              Dieser Brief wurde automatisch geschrieben. Einen Menschen erreichen Sie unter {contact}.

        """
}
