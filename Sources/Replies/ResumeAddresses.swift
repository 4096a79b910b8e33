// The addresses of one resume, each judged by where it stands and whose it looks like.

import Mail

/// One address of a resume with what speaks for and against its being the person's own.
struct JudgedAddress: Hashable, Sendable {
    var address: EmailAddress
    var inContactBlock: Bool
    var agreesWithName: Bool
    /// Why it is not the candidate's; nil when it may be.
    var excluded: String?
    /// It may be half of an address.
    var doubtful: Bool
    var forms: Set<FoundAddress.Form>

    var isPlausible: Bool { excluded == nil && !doubtful }

    var evidence: [String] {
        var words: [String] = []
        if let excluded { words.append(excluded) }
        if inContactBlock { words.append("in the contact block") }
        if agreesWithName { words.append("agrees with the name") }
        for form in forms.map(\.rawValue).sorted() where form != "plain" { words.append(form) }
        if doubtful { words.append("may not be whole") }
        return words.isEmpty ? ["in the text"] : words
    }
}

/// A resume's names and addresses.
struct ResumeAddresses: Sendable {
    let document: ResumeDocument
    let names: [FoundName]
    let addresses: [JudgedAddress]
    let structured: EmailAddress?
    /// Structured data name an address that is none.
    let structuredFault: String?

    init(_ document: ResumeDocument, own: OwnIdentity) {
        self.document = document
        let layout = ResumeLayout(document.text)
        var names = NameFinder.find(layout)
        if let text = document.structured?.personName, let name = PersonName(text) {
            names = [FoundName(name: name, isLabelled: true)]
        }
        self.names = names
        if let text = document.structured?.email, !text.isEmpty {
            structured = try? EmailAddress(MachineRows.trim(text))
            structuredFault = structured == nil ? text : nil
        } else {
            (structured, structuredFault) = (nil, nil)
        }
        addresses = Self.judge(document, layout, names.map(\.name), own)
    }

    private static func judge(
        _ document: ResumeDocument, _ layout: ResumeLayout, _ names: [PersonName], _ own: OwnIdentity
    ) -> [JudgedAddress] {
        var judged: [JudgedAddress] = []
        var index: [String: Int] = [:]
        func add(_ found: FoundAddress, contact: Bool, thirdPerson: Bool) {
            if let known = index[found.address.key] {
                judged[known].forms.insert(found.form)
                if found.form == .link { return }  // a link says nothing of the place
                // The same address at a better place counts for the person; one good place is enough.
                judged[known].inContactBlock = judged[known].inContactBlock || contact
                judged[known].doubtful = judged[known].doubtful && found.doubtful
                if judged[known].excluded == Self.refereeWords, !thirdPerson { judged[known].excluded = nil }
                return
            }
            index[found.address.key] = judged.count
            judged.append(
                JudgedAddress(
                    address: found.address, inContactBlock: contact && !thirdPerson,
                    agreesWithName: names.contains { $0.agrees(withLocalPart: found.address.local) },
                    excluded: exclusion(found.address, own) ?? (thirdPerson ? Self.refereeWords : nil),
                    doubtful: found.doubtful, forms: [found.form]))
        }
        // Structured data say which address is the person's; the others in them are employers' and referees'.
        if document.structured != nil { return [] }
        for found in AddressScanner.scan(layout.lines) {
            let third = layout.isThirdPerson(found.line)
            add(found, contact: layout.isContact(found.line), thirdPerson: third)
        }
        for link in document.links.prefix(AddressScanner.maximum) {
            guard let found = AddressScanner.link(link) else { continue }
            // Where on its page a link stands is not known: with references in the document it may be a referee's.
            let agrees = names.contains { $0.agrees(withLocalPart: found.address.local) }
            add(found, contact: false, thirdPerson: layout.referencesLine < layout.lines.count && !agrees)
        }
        return judged
    }

    static let refereeWords = "somebody else's: under references, or beside a superior's or referee's name"

    private static func exclusion(_ address: EmailAddress, _ own: OwnIdentity) -> String? {
        if own.owns(address) { return "our own" }
        if AddressKind.isRole(address) { return "a role's, not a person's" }
        if AddressKind.isAgency(address) { return "an agency's" }
        return nil
    }
}
