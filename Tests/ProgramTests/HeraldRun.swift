// The built command, run to its end.

import Formats
import Platform

/// What `herald` said, and how it ended.
struct HeraldRun {
    let code: ChildProcess.Ending
    let output: String
    let errors: String

    /// `wrapper` is a command that runs what is behind it.
    init(
        _ arguments: [String], input: [UInt8] = [], environment: [String] = [], under wrapper: [String] = []
    ) throws {
        var child = ChildProcess(wrapper + ["\(TestSite.programs)/herald"] + arguments, deadline: .seconds(60))
        child.environment += environment
        let result = try child.run(input: input)
        code = result.ending
        output = String(decoding: result.output, as: UTF8.self)
        errors = String(decoding: result.errors, as: UTF8.self)
    }

    var lines: [Substring] { output.split(separator: "\n") }

    /// One object for each line of the output.
    func objects() throws -> [JSON] { try lines.map { try JSON.parse(Array($0.utf8)) } }
}
