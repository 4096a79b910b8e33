// What a certificate says of itself, for words and traces: names, issuer, time, key. All of it is the server's claim; what is
// true of it, the verification says.

import COpenSSL
import Formats
import Glibc
import MailRouting

/// A certificate for people to read; every text is safe to show.
package struct CertificateFacts: Hashable, Sendable {
    /// The names and addresses that it is for (subjectAltName), twenty at most; its CN where there are none.
    package var names: [String]
    /// `CN=R11,O=Let's Encrypt,C=US`
    package var issuer: String
    package var begins: Timestamp
    package var ends: Timestamp
    /// `RSA 2048`, `EC 256`
    package var key: String
    /// SHA-256 of the SubjectPublicKeyInfo, as `fingerprints` in the settings has it.
    package var fingerprint: [UInt8]

    private static let nameLimit = 20

    /// Of OpenSSL's X509, which is not kept.
    init(_ certificate: OpaquePointer) {
        names = Self.alternatives(certificate)
        if names.isEmpty { names = [Self.text(X509_get_subject_name(certificate))] }
        issuer = Self.text(X509_get_issuer_name(certificate))
        begins = Self.time(X509_get0_notBefore(certificate))
        ends = Self.time(X509_get0_notAfter(certificate))
        let publicKey = X509_get0_pubkey(certificate)
        let kind = EVP_PKEY_get0_type_name(publicKey).map { String(cString: $0) } ?? "unknown key"
        key = "\(Printable.text(kind, limit: 40)) \(EVP_PKEY_get_bits(publicKey))"
        fingerprint = SHA256.digest(Self.publicKey(certificate))
    }

    /// `for mail.example.org, issued by CN=R11,O=Let's Encrypt,C=US, until 2027-01-20, EC 256`
    package var summary: String {
        let day = CivilTime(ends)
        return "for \(names.joined(separator: ", ")), issued by \(issuer), until \(pad(day.year, 4))-\(pad(day.month))-"
            + "\(pad(day.day)), \(key)"
    }

    private static func publicKey(_ certificate: OpaquePointer) -> [UInt8] {
        let key = X509_get_X509_PUBKEY(certificate)
        let count = Int(i2d_X509_PUBKEY(key, nil))
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var at = buffer.baseAddress
            filled = max(0, Int(i2d_X509_PUBKEY(key, &at)))
        }
    }

    private static func alternatives(_ certificate: OpaquePointer) -> [String] {
        guard let list = herald_X509_get_names(certificate) else { return [] }
        defer { GENERAL_NAMES_free(list) }
        var out: [String] = []
        for index in 0..<herald_names_count(list) {
            guard out.count < nameLimit, let name = herald_name(list, index) else { break }
            switch name.pointee.type {
            case GEN_DNS: out.append(Printable.text(bytes(name.pointee.d.dNSName), limit: 255))
            case GEN_IPADD: out.append(IPAddress(bytes(name.pointee.d.iPAddress))?.description ?? "?")
            default: break
            }
        }
        return out
    }

    private static func bytes(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string, let data = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: max(0, Int(ASN1_STRING_length(string)))))
    }

    private static func text(_ name: OpaquePointer?) -> String {
        let bytes = PEM.written { herald_X509_NAME_print($0, name) }
        return Printable.text(bytes ?? [], limit: 200)
    }

    private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return Timestamp(seconds: 0) }
        return Timestamp(seconds: Int64(timegm(&parts)))
    }
}
