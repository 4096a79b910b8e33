// What `herald test-connection` tells of a try: its steps, and how it ended. Values; every text in them is safe to show.

import Formats
import SMTPProtocol

/// A step that has ended.
package struct ConnectionStep: Sendable {
    /// As a person calls it: `name`, `connect`, `TLS`.
    package var name: String
    package var took: Duration
    /// The server's words, or what was found.
    package var detail: String
    /// Of the step that is the handshake.
    package var tls: TLSReport?
    package var capabilities: Capabilities?

    package init(_ name: String, took: Duration, _ detail: String) {
        (self.name, self.took, self.detail) = (name, took, detail)
    }

    init(_ step: SessionTrace.Step) {
        self.init(step.phase.spoken, took: step.took, step.detail)
        (tls, capabilities) = (step.tls, step.capabilities)
    }

    /// For a person, the first line first. `now` is for the days that a certificate has left.
    package func lines(at now: Timestamp) -> [String] {
        if let capabilities {
            // The first line of the answer names the server.
            let server = detail.dropFirst(4).prefix { $0 != " " }
            return [(server.isEmpty ? "" : "\(server): ") + capabilities.summary]
        }
        guard let tls else { return [detail] }
        var lines = ["\(tls.version), \(tls.cipher)"]
        if let certificate = tls.certificate {
            lines.append(
                "certificate for \(certificate.names.joined(separator: ", ")); \(certificate.remaining(at: now)); "
                    + certificate.key)
            lines.append("issued by \(certificate.issuer)")
        }
        return lines + [([tls.verification] + tls.remarks).joined(separator: ", ")]
    }

    /// For a program.
    package func json(at now: Timestamp) -> JSON {
        var members = [
            JSON.Member("step", .string(name)), JSON.Member("ms", .int(took.milliseconds)),
            JSON.Member("detail", .string(detail)),
        ]
        if let capabilities {
            members.append(JSON.Member("mechanisms", .array(capabilities.mechanisms.map { .string($0) })))
            members.append(JSON.Member("max_size", JSON(capabilities.maxSize)))
        }
        guard let tls else { return .object(members) }
        members += [
            JSON.Member("version", .string(tls.version)), JSON.Member("cipher", .string(tls.cipher)),
            JSON.Member("verified_by", JSON(tls.vouching)),
        ]
        if let certificate = tls.certificate {
            members += [
                JSON.Member("names", .array(certificate.names.map { .string($0) })),
                JSON.Member("issuer", .string(certificate.issuer)),
                JSON.Member("ends", .string(certificate.ends.rfc3339())),
                JSON.Member("days_left", .int(certificate.daysLeft(at: now))),
                JSON.Member("fingerprint", .string(Hex.encode(certificate.fingerprint))),
            ]
        }
        return .object(members)
    }
}

/// How a try ended.
package struct ConnectionVerdict: Sendable {
    /// Nil: all is well.
    package var fault: SessionFault?
    /// How long the step took that failed.
    package var took: Duration
    /// What is not as it could be, in sentences.
    package var remarks: [String]

    package init(fault: SessionFault? = nil, took: Duration = .zero, remarks: [String] = []) {
        (self.fault, self.took, self.remarks) = (fault, took, remarks)
    }
}

extension SessionFault {
    /// What a person is to do: the remedy; where nothing but time helps, or nothing at all, that.
    package var advice: String {
        if !remedy.isEmpty { return remedy }
        return isTransient
            ? "try again later; letters wait meanwhile"
            : "go by the server's words: the mailer gives such a letter up at once"
    }
}

extension CertificateFacts {
    /// Negative: it has ended.
    package func daysLeft(at now: Timestamp) -> Int64 { (ends - now).milliseconds / 86_400_000 }

    /// `61 days left`
    fileprivate func remaining(at now: Timestamp) -> String {
        let left = ends - now
        if left < .zero { return "it ended on \(ends.plain()) UTC" }
        return left < .seconds(172_800) ? "\(left.phrase) left" : "\(daysLeft(at: now)) days left"
    }
}
