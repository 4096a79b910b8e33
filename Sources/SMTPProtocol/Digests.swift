// The hashes of SASL, by the host's libcrypto.

import COpenSSL
import Formats

/// A hash function of SASL. MD5 and SHA-1 stand here because CRAM-MD5 and SCRAM-SHA-1 ask for them.
package enum Digest: Sendable {
    case md5, sha1, sha256

    private var algorithm: OpaquePointer? {
        switch self {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        }
    }

    /// In octets.
    var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// HMAC (RFC 2104). Nil where the host's policy forbids the hash (FIPS).
    package func authenticate(_ message: [UInt8], key: Secret) -> Secret? {
        made { out in
            key.withBytes { key in
                HMAC(algorithm, key.baseAddress, Int32(clamping: key.count), message, message.count, out, nil) != nil
            }
        }
    }

    func hash(_ message: Secret) -> Secret? {
        made { out in
            message.withBytes { EVP_Digest($0.baseAddress, $0.count, out, nil, algorithm, nil) == 1 }
        }
    }

    /// PBKDF2 (RFC 8018), one block: Hi() of RFC 5802.
    func stretch(_ password: Secret, salt: [UInt8], iterations: Int) -> Secret? {
        made { out in
            password.withBytes { password in
                PKCS5_PBKDF2_HMAC(
                    password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: password.count), salt,
                    Int32(clamping: salt.count), Int32(clamping: iterations), algorithm, Int32(size), out) == 1
            }
        }
    }

    /// A digest that `body` writes; nil when it says that it could not.
    private func made(_ body: (UnsafeMutablePointer<UInt8>?) -> Bool) -> Secret? {
        var isDone = false
        let digest = Secret(count: size) { buffer in
            isDone = body(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return isDone ? digest : nil
    }
}
