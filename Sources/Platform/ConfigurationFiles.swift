// The settings' files as they lie on the disk. What they mean is the module Settings' business, which does no I/O.

import Formats
import Glibc

/// One file of settings: its bytes, and who may read it (a literal password in a file that others can read is refused).
package struct ConfigurationFile: Equatable, Sendable {
    package var path: String
    package var bytes: [UInt8]
    package var permissions: UInt32
    package var owner: UInt32

    package init(path: String, bytes: [UInt8], permissions: UInt32 = 0o600, owner: UInt32 = 0) {
        self.path = path
        self.bytes = bytes
        self.permissions = permissions
        self.owner = owner
    }

    /// `path`, then `conf.d/*.yaml` beside it in the order of their names: those that can be read, and why one cannot.
    /// Where `path` itself cannot, there are none.
    package static func found(_ path: String) -> (files: [ConfigurationFile], unread: SystemError?) {
        var files: [ConfigurationFile] = []
        var unread: SystemError?
        do throws(SystemError) {
            files.append(try one(path))
            let folder = Files.split(path).directory + "/conf.d"
            guard try FileStatus.of(folder)?.isDirectory == true else { return (files, nil) }
            for name in try Files.list(folder) where name.ends(".yaml") && !name.begins(".") {
                do throws(SystemError) { files.append(try one(folder + "/" + name)) } catch { unread = unread ?? error }
            }
        } catch { unread = unread ?? error }
        return (files, unread)
    }

    private static func one(_ path: String) throws(SystemError) -> ConfigurationFile {
        let bytes = try Files.read(path, limit: 8 << 20)
        guard let status = try FileStatus.of(path) else { throw SystemError("read", path, errno: ENOENT) }
        return ConfigurationFile(path: path, bytes: bytes, permissions: status.permissions, owner: status.owner)
    }
}
