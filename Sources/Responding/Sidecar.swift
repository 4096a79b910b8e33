// NAME.herald.json: beside every item, what was decided about it and why, for the people who look there.

import Formats
import Intake
import Mail
import Replies

/// What stands in a sidecar.
struct Sidecar {
    private var members: [JSON.Member]

    var json: JSON { .object(members) }

    init(
        item: ClaimedItem, folder: FolderPlan, decision: Decision, letter: Letter?, claimed: Timestamp,
        decided: Timestamp
    ) {
        members = Self.head(item, folder, decision.outcome.rawValue, claimed, decided)
        members += [
            JSON.Member("verdict", .string(decision.verdict.rawValue)),
            JSON.Member("reasons", Self.json(decision.reasons)),
        ]
        if let certain = decision.finding.certain { members.append(JSON.Member("candidate", Self.json(certain))) }
        members.append(JSON.Member("candidates", .array(decision.finding.ranked.map(Self.json))))
        if let letter {
            members.append(
                JSON.Member(
                    "letter",
                    [
                        "id": .string(letter.id), "message_id": .string(letter.messageID),
                        "subject": .string(letter.subject),
                        "to": .array(letter.envelope.recipients.map { .string($0.text) }),
                    ]))
        }
        if folder.settings.dryRun { members.append(JSON.Member("dry_run", true)) }
    }

    init(item: ClaimedItem, folder: FolderPlan, failure: String, claimed: Timestamp, decided: Timestamp) {
        members = Self.head(item, folder, "failed", claimed, decided)
        members.append(JSON.Member("reasons", [["text": .string(Printable.text(failure, limit: 300))]]))
    }

    private static func head(
        _ item: ClaimedItem, _ folder: FolderPlan, _ outcome: String, _ claimed: Timestamp, _ decided: Timestamp
    ) -> [JSON.Member] {
        var members: [JSON.Member] = [
            .init("herald-item", 1), .init("id", .string(item.id)),
            .init("name", .string(Printable.text(item.name, limit: 300))),
            .init("folder", .string(folder.settings.path)), .init("outcome", .string(outcome)),
            .init("position", JSON(folder.settings.position)), .init("claimed", .string(claimed.rfc3339(fraction: 3))),
            .init("decided", .string(decided.rfc3339(fraction: 3))),
        ]
        if String(validating: item.name, as: UTF8.self) == nil {
            members.append(.init("name_hex", .string(Hex.encode(item.name))))
        }
        return members
    }

    static func json(_ reasons: [Reason]) -> JSON {
        .array(
            reasons.map { ["row": .int(Int64($0.row)), "do": .string($0.action.rawValue), "text": .string($0.text)] })
    }

    private static func json(_ candidate: Candidate) -> JSON {
        [
            "address": .string(candidate.address.text), "name": JSON(candidate.name?.full),
            "step": .int(Int64(candidate.step)),
            "evidence": .array(candidate.evidence.map { .string($0) }),
        ]
    }

    private static func json(_ ranked: CandidateFinding.Ranked) -> JSON {
        ["address": .string(ranked.address.text), "evidence": .array(ranked.evidence.map { .string($0) })]
    }
}
