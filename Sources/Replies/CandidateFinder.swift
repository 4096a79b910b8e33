// Whom an item is from. The published order (RESPONDING.md): structured data; a forwarder rule; an address in both the
// resume's contact block and From; the one address of the resume; From, when nothing contradicts it; else a human
// decides. The first certain one wins, and the evidence is kept. A wrong guess tells a stranger of an application.

import Mail

/// Finds the candidate of an item. Pure.
package struct CandidateFinder: Sendable {
    private let own: OwnIdentity

    package init(own: OwnIdentity) { self.own = own }

    package func find(_ facts: ItemFacts) -> CandidateFinding {
        let resumes = facts.resumes.prefix(8).map { ResumeAddresses($0, own: own) }
        let search = CandidateSearch(message: facts.message, resumes: resumes, own: own)
        var finding = search.finding()
        if resumes.isEmpty { finding.certain = nil }
        finding.ranked = search.ranked(certain: finding.certain?.address)
        return finding
    }
}

/// One search, over the resumes of one item.
private struct CandidateSearch {
    let message: MessageFacts?
    let resumes: [ResumeAddresses]
    let own: OwnIdentity

    var sender: Mailbox? { message.flatMap { $0.from.count == 1 ? $0.from.first : nil } }

    func finding() -> CandidateFinding {
        if resumes.isEmpty { return CandidateFinding() }
        if let hold = severalPeople() { return CandidateFinding(holds: [hold]) }
        do throws(Hold) {
            let candidate = try firstCertain()
            try checkSender(candidate)
            return CandidateFinding(certain: candidate)
        } catch {
            return CandidateFinding(holds: [error.reason])
        }
    }

    private struct Hold: Error {
        var reason: Reason
        init(_ row: Int, _ text: String) { reason = Reason(row, .hold, text) }
    }

    // MARK: the steps

    /// The published order; step 2, the forwarder rules, has its place after the structured data.
    private func firstCertain() throws(Hold) -> Candidate {
        if let candidate = try structured() { return candidate }
        if let candidate = inBoth() { return candidate }
        if let candidate = try onlyOne() { return candidate }
        return try fromAlone()
    }

    private func structured() throws(Hold) -> Candidate? {
        for resume in resumes {
            if let fault = resume.structuredFault {
                throw Hold(18, "the resume's data name '\(fault)', which is no address")
            }
        }
        let found = distinct(resumes.compactMap(\.structured))
        guard let address = found.first else { return nil }
        if found.count > 1 { throw Hold(18, "two resumes' data disagree: \(list(found))") }
        if own.owns(address) { throw Hold(18, "the resume's data name an address of ours") }
        if !AddressScanner.isPlausible(address) { throw Hold(18, "the resume's data name a placeholder: \(address)") }
        if AddressKind.isRole(address) { throw Hold(18, "the resume's data name a role's address: \(address)") }
        if AddressKind.isAgency(address) { throw Hold(19, "the resume's data name an agency's address: \(address)") }
        let others = resumes.filter { $0.structured == nil }.flatMap(\.addresses).filter {
            $0.isPlausible && $0.inContactBlock
        }
        if let other = others.first(where: { $0.address.key != address.key }) {
            throw Hold(18, "two addresses disagree: \(address) in the resume's data, \(other.address) in the text")
        }
        return candidate(address, step: 1, ["the resume's structured data"])
    }

    /// Step 3: From, which also stands in the contact block.
    private func inBoth() -> Candidate? {
        guard let sender, !own.owns(sender.address), !AddressKind.isRole(sender.address),
            !AddressKind.isAgency(sender.address)
        else { return nil }
        let matches = resumes.flatMap(\.addresses).filter { $0.address.key == sender.address.key }
        guard let match = matches.first(where: { $0.excluded == nil && ($0.inContactBlock || $0.agreesWithName) })
        else {
            return nil
        }
        return candidate(match.address, step: 3, ["in the resume and in From"] + match.evidence)
    }

    /// Step 4: the one address of the resume, where people write their own.
    private func onlyOne() throws(Hold) -> Candidate? {
        let all = resumes.flatMap(\.addresses)
        if let half = all.first(where: { $0.doubtful && $0.excluded == nil }) {
            throw Hold(18, "an address may not be whole: \(half.address)")
        }
        if let agency = all.first(where: {
            AddressKind.isAgency($0.address) && ($0.inContactBlock || self.plausible.isEmpty)
        }) {
            throw Hold(19, "an agency's address stands in the resume: \(agency.address)")
        }
        let plausible = distinct(plausible.map(\.address))
        guard let address = plausible.first else {
            if !all.isEmpty {
                throw Hold(18, "no address in the resume is the candidate's: \(list(all.map(\.address)))")
            }
            return nil
        }
        if plausible.count > 1 { throw Hold(18, "two plausible addresses: \(list(plausible))") }
        let judged = all.filter { $0.address.key == address.key }
        guard judged.contains(where: { $0.inContactBlock || $0.agreesWithName || $0.forms.contains(.link) }) else {
            throw Hold(
                18, "only a weak address: \(address) stands neither in the contact block nor agrees with the name")
        }
        return candidate(address, step: 4, ["the one address in the resume"] + judged.flatMap(\.evidence))
    }

    /// Step 5: From, when it is a person's, its name agrees with the resume's, and the resume has no other.
    private func fromAlone() throws(Hold) -> Candidate {
        guard let sender else {
            throw Hold(
                18,
                message == nil ? "no address in the document" : "no address in the resume, and From is not one person")
        }
        let address = sender.address
        if own.owns(address) || AddressKind.isRole(address) {
            throw Hold(18, "no address in the resume, and From is a role's: \(address)")
        }
        if AddressKind.isAgency(address) {
            throw Hold(19, "no address in the resume, and From is an agency's: \(address)")
        }
        guard let display = sender.name.flatMap({ PersonName($0) }) else {
            throw Hold(18, "no address in the resume, and From has no name to compare: \(address)")
        }
        guard let name = names.first(where: { $0.agrees(with: display) }) else {
            throw Hold(18, "no address in the resume, and its name does not agree with From's")
        }
        return Candidate(
            address: address, name: name, step: 5,
            evidence: ["From, whose name agrees with the resume's", "the resume has no address"])
    }

    // MARK: what speaks against

    /// A message whose sender is somebody else than the resume's person was sent by a friend, an employee, an agency.
    private func checkSender(_ candidate: Candidate) throws(Hold) {
        guard message != nil, candidate.step != 3, candidate.step != 5 else { return }
        guard let sender else { throw Hold(18, "From is not one person") }
        if sender.address.key == candidate.address.key { return }
        let known = names + (candidate.name.map { [$0] } ?? [])
        if let display = sender.name.flatMap({ PersonName($0) }) {
            if known.contains(where: { $0.agrees(with: display) }) { return }
            if known.isEmpty, display.agrees(withLocalPart: candidate.address.local) { return }
        } else if known.contains(where: { $0.agrees(withLocalPart: sender.address.local) }) {
            return
        }
        throw Hold(19, "sent by somebody else (\(sender.address)) than the resume's person (\(candidate.address))")
    }

    /// Two resumes of two people in one item.
    private func severalPeople() -> Reason? {
        let first = resumes.compactMap { $0.names.first }
        for resume in resumes.dropFirst() {
            guard !resume.names.isEmpty, !resumes[0].names.isEmpty else { continue }
            let agree = resume.names.contains { mine in resumes[0].names.contains { $0.name.agrees(with: mine.name) } }
            if !agree {
                return Reason(19, .hold, "resumes of several people: \(first.map(\.name.full).joined(separator: ", "))")
            }
        }
        return nil
    }

    // MARK: shared

    private var names: [PersonName] { resumes.flatMap(\.names).map(\.name) }
    private var plausible: [JudgedAddress] { resumes.flatMap(\.addresses).filter(\.isPlausible) }

    private func candidate(_ address: EmailAddress, step: Int, _ evidence: [String]) -> Candidate {
        var seen: Set<String> = []
        return Candidate(
            address: address, name: certainName(address), step: step,
            evidence: evidence.filter { seen.insert($0).inserted })
    }

    /// A name of the resume that something else confirms: a label, From's name, the address itself.
    private func certainName(_ address: EmailAddress) -> PersonName? {
        let found = resumes.flatMap(\.names)
        if let labelled = found.first(where: \.isLabelled) { return labelled.name }
        if let display = sender?.name.flatMap({ PersonName($0) }),
            let agreed = found.first(where: { $0.name.agrees(with: display) })
        {
            return agreed.name
        }
        return found.first { $0.name.agrees(withLocalPart: address.local) }?.name
    }

    /// All that came into question, the likeliest first.
    func ranked(certain: EmailAddress?) -> [CandidateFinding.Ranked] {
        var ranked: [(weight: Int, CandidateFinding.Ranked)] = []
        var seen: Set<String> = []
        func add(_ address: EmailAddress, _ weight: Int, _ evidence: [String]) {
            guard seen.insert(address.key).inserted else { return }
            ranked.append((weight, CandidateFinding.Ranked(address: address, evidence: evidence)))
        }
        for resume in resumes {
            if let address = resume.structured { add(address, 5, ["the resume's structured data"]) }
            for judged in resume.addresses {
                let weight =
                    (judged.inContactBlock ? 2 : 0) + (judged.agreesWithName ? 1 : 0)
                    + (judged.excluded == nil ? 1 : -4)
                add(judged.address, weight, judged.evidence)
            }
        }
        if let sender { add(sender.address, 1, ["From"]) }
        return ranked.sorted {
            ($0.1.address.key == certain?.key ? 1 : 0, $0.weight) > (
                $1.1.address.key == certain?.key ? 1 : 0, $1.weight
            )
        }
        .prefix(20).map(\.1)
    }

    private func distinct(_ addresses: [EmailAddress]) -> [EmailAddress] {
        var seen: Set<String> = []
        return addresses.filter { seen.insert($0.key).inserted }
    }

    private func list(_ addresses: [EmailAddress]) -> String { addresses.prefix(4).map(\.text).joined(separator: ", ") }
}
