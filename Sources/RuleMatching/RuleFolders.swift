// Where rules lie, and their files' bytes.

import Glibc
import Platform

package enum RuleFolders {
    /// The installed rules, else `rules/` beside the program or above it in a checkout; nil where there are none.
    package static func standard() -> String? {
        let installed = "/usr/share/herald/rules"
        if isDirectory(installed) { return installed }
        var folder = Files.split(programPath()).directory
        // .build/x86_64-unknown-linux-gnu/release/herald lies three folders below the checkout.
        for _ in 0..<5 {
            if isDirectory(folder + "/rules") { return folder + "/rules" }
            let parent = Files.split(folder).directory
            if parent == folder { break }
            folder = parent
        }
        return nil
    }

    /// The files `*.yaml` of the folders, each folder's in the order of their names. A later folder's file of the same
    /// name replaces an earlier one's, in its place.
    package static func read(_ folders: [String]) throws(SystemError) -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = []
        for folder in folders {
            for name in try Files.list(folder) where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
                let path = folder + "/" + name
                let file = (name: path, bytes: try Files.read(path, limit: 8 << 20))
                if let at = files.firstIndex(where: { Files.split($0.name).name == name }) {
                    files[at] = file
                } else {
                    files.append(file)
                }
            }
        }
        return files
    }

    private static func isDirectory(_ path: String) -> Bool {
        (try? FileStatus.of(path))?.isDirectory == true
    }

    private static func programPath() -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
        return length > 0 ? String(decoding: path, as: UTF8.self) : CommandLine.arguments.first ?? ""
    }
}
