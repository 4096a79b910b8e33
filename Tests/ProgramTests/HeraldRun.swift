// The built command, run to its end.

import Formats
import Platform

/// What `herald` said, and how it ended.
struct HeraldRun {
    let code: ChildProcess.Ending
    let output: String
    let errors: String

    init(_ arguments: [String], input: [UInt8] = [], environment: [String] = []) throws {
        var child = ChildProcess(["\(TestSite.programs)/herald"] + arguments, deadline: .seconds(60))
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
