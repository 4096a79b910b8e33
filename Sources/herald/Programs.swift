// Where the product's other programs are.

import Glibc
import Platform

enum Programs {
    /// Beside this program (a build folder), else where the packages put them. Nil when it is in none of these.
    static func path(of name: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        var folders = ["/usr/sbin", "/usr/lib/herald", "/usr/bin"]
        if count > 0 {
            folders.insert(
                Files.split(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)).directory,
                at: 0)
        }
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
