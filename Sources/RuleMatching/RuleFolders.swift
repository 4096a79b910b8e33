// Where rules lie, and their files' bytes.

import Glibc
import Platform
import Rules
import YAML

/// The files of some folders of rules.
package struct RuleFiles: Sendable {
    /// In force, in order.
    package fileprivate(set) var files: [(name: String, bytes: [UInt8])] = []
    /// Files whose place another one takes.
    package fileprivate(set) var replaced: [(path: String, by: String)] = []
    package fileprivate(set) var diagnostics: [Diagnostic] = []

    package init() {}

    /// A file that cannot be read is told, and goes on to hide the one that it replaces: its author wants that gone.
    fileprivate mutating func add(_ path: String) {
        var bytes: [UInt8] = []
        do throws(SystemError) { bytes = try Self.content(path) } catch {
            diagnostics.append(Diagnostic(file: path, message: Self.words(error)))
        }
        let name = Files.split(path).name
        if let at = files.firstIndex(where: { Files.split($0.name).name == name }) {
            replaced.append((files[at].name, path))
            files[at] = (path, bytes)
        } else {
            files.append((path, bytes))
        }
    }

    /// Rules of people and of packages are some kilobytes.
    static let sizeLimit = 8 << 20

    private static func content(_ path: String) throws(SystemError) -> [UInt8] {
        var target = [CChar](repeating: 0, count: 64)
        if readlink(path, &target, 63) == 9, strcmp(target, "/dev/null") == 0 { return [] }
        return try Files.read(path, limit: sizeLimit)
    }

    private static func words(_ error: SystemError) -> String {
        switch error.errno {
        case EFBIG: "a file of rules has at most \(sizeLimit >> 20) MiB"
        case EISDIR, EINVAL: "this is no regular file, so no rules can be read from it"
        default: "cannot be read: \(SystemError.text(of: error.errno))"
        }
    }

    /// The rules of the files that others replace, as far as they can be read, each with the path of the other.
    package func replacedRules() -> [(rule: Rule, by: String)] {
        replaced.flatMap { path, other -> [(rule: Rule, by: String)] in
            guard let bytes = try? Self.content(path) else { return [] }
            return (RuleSet.load(files: [(path, bytes)]).0?.rules ?? []).map { ($0, other) }
        }
    }
}

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
    /// name replaces an earlier one's, in its place; an empty one, or a link to /dev/null, masks it. Hidden files and
    /// those of editors and dpkg (`x.yaml~`, `x.yaml.dpkg-old`) are none of ours. A file in place of a folder stands for
    /// itself.
    package static func read(_ folders: [String]) -> RuleFiles {
        var files = RuleFiles()
        for folder in folders {
            do throws(SystemError) {
                if try FileStatus.of(folder)?.isRegular == true {
                    files.add(folder)
                    continue
                }
                for name in try Files.list(folder) where !name.hasPrefix(".") {
                    if name.hasSuffix(".yaml") {
                        files.add(folder + "/" + name)
                    } else if [".yml", ".YAML", ".YML"].contains(where: { name.hasSuffix($0) }) {
                        let message = "this file is not read: the name of a file of rules ends in .yaml"
                        files.diagnostics.append(
                            Diagnostic(file: folder + "/" + name, message: message, severity: .warning))
                    }
                }
            } catch {
                files.diagnostics.append(Diagnostic(file: folder, message: "no rules can be read there: \(error)"))
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
