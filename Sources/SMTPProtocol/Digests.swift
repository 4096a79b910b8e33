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

    var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// HMAC (RFC 2104). Nil where the host's policy forbids the hash (FIPS).
    package func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let done = HMAC(algorithm, key, Int32(clamping: key.count), message, message.count, &out, &length)
        return done == nil ? nil : Array(out.prefix(Int(length)))
    }

    func hash(_ message: [UInt8]) -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let done = EVP_Digest(message, message.count, &out, &length, algorithm, nil)
        return done == 1 ? Array(out.prefix(Int(length))) : nil
    }

    /// PBKDF2 (RFC 8018), one block: Hi() of RFC 5802.
    func stretch(_ password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: size)
        let done = password.withUnsafeBytes { raw in
            PKCS5_PBKDF2_HMAC(
                raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: password.count), salt,
                Int32(clamping: salt.count), Int32(clamping: iterations), algorithm, Int32(size), &out)
        }
        return done == 1 ? out : nil
    }

    /// Equality in a time that tells nothing.
    package static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
