// Files of secrets and certificates: whether they hold what they are named for, and who else may read them.

import Formats
import Glibc
import Mailing
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import YAML

extension SettingsCheck {
    /// Where there is somebody to write to, and no account to send it through.
    mutating func checkWhoSends(_ settings: Settings) {
        let tells = settings.report.enabled && settings.report.recipients.contains(where: \.enabled)
        guard tells || !settings.respond.folders.isEmpty, !settings.smtp.accounts.contains(where: \.enabled),
            // Of one that could not be read it was said what is wrong.
            (root["smtp"]?["accounts"]?.sequence ?? []).allSatisfy({ $0["enabled"]?.bool == false })
        else { return }
        let place = root["smtp"]?["accounts"] ?? root["smtp"] ?? root
        faults.append(place.fault("no account is enabled in smtp.accounts: all letters wait", severity: .warning))
    }

    /// A file that must be there, and be nobody's to read and to change but root's and the mailer's.
    mutating func needSecret(_ node: YAMLNode, _ what: String, _ settings: Settings) {
        need(node, what)
        guard let path = node.string, let status = try? FileStatus.of(path), status.isRegular else { return }
        let own = [
            0, (try? FileStatus.of(settings.paths.state("mailer")))?.group, getgrnam("herald-mailer")?.pointee.gr_gid,
        ]
        // The mailer's group may read it.
        let open = status.permissions & (own.contains(status.group) ? 0o027 : 0o077)
        guard open != 0 else { return }
        let may = open & 0o022 == 0 ? "read" : open & 0o044 == 0 ? "changed" : "read and changed"
        let words = "\(what) \(Printable.text(path)) may be \(may) by others: chmod 600 \(ShellWord.quoted(path))"
        faults.append(node.fault(words, severity: .warning))
    }

    /// The secret is there, so far as whoever runs this may look.
    mutating func checkFirstLine(_ node: YAMLNode) {
        guard let path = readable(node) else { return }
        do throws(SessionFault) { _ = try Passwords.read(file: path, "") } catch {
            faults.append(node.fault(error.words))
        }
    }

    mutating func needCertificates(_ node: YAMLNode) {
        need(node, "the file of certificates")
        checkCertificates(node) { TLSTerms(.file($0)) }
    }

    /// OpenSSL takes what is in the file.
    mutating func checkCertificates(_ node: YAMLNode, _ terms: (String) -> TLSTerms) {
        guard let path = readable(node) else { return }
        do throws(TLSFailure) { _ = try TLSContext.client(terms(path), insists: true) } catch {
            faults.append(node.fault(error.words))
        }
    }

    /// The path of a file that is there and that may be read.
    private func readable(_ node: YAMLNode) -> String? {
        guard let path = node.string, access(path, R_OK) == 0, (try? FileStatus.of(path))?.isRegular == true else {
            return nil
        }
        return path
    }
}
