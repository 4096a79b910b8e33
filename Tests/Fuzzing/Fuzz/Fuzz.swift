// The fuzzer's entry: HERALD_FUZZ names which target it runs. Each target reads the bytes as the product would, and beside
// not crashing and coming to an end, what must hold of any input is checked.
//
// Must stay true: a target is the same for the same bytes (no clock, no randomness), or its findings cannot be played again.

import Glibc

/// What is done with some bytes. All on the main thread, as libFuzzer calls.
typealias FuzzTarget = @MainActor ([UInt8]) -> Void

@MainActor private let targets: [String: FuzzTarget] = [
    "header": LogTargets.header, "joiner": LogTargets.joiner, "held": LogTargets.held, "mask": LogTargets.mask,
    "explain": LogTargets.explain, "journal": JournalTarget.patched,
    "json": FileTargets.json, "settings": FileTargets.settings, "rules": FileTargets.rules,
    "pattern": FileTargets.pattern, "state": FileTargets.state, "letter": FileTargets.letter,
    "message": MailTargets.message, "address": MailTargets.address, "reply": MailTargets.reply,
    "sasl": MailTargets.sasl, "dns": RouteTargets.dns, "sts": RouteTargets.sts, "domain": RouteTargets.domain,
    "token": SignInTargets.token, "identity": SignInTargets.identity, "consent": SignInTargets.consent,
    "folder": SignInTargets.folder,
]

@MainActor private let target: FuzzTarget = {
    let name = getenv("HERALD_FUZZ").map { String(cString: $0) } ?? ""
    if let found = targets[name] { return found }
    print("HERALD_FUZZ names one of: \(targets.keys.sorted().joined(separator: " "))")
    exit(2)
}()

/// libFuzzer's call, once for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    MainActor.assumeIsolated { target(bytes) }
    return 0
}

/// What must hold of any input; where it does not, that is a finding.
func check(_ holds: Bool, _ words: @autoclosure () -> String) {
    if holds { return }
    let said = Array("Does not hold: \(words())\n".utf8)
    _ = write(STDERR_FILENO, said, said.count)
    abort()
}

/// Takes an input apart: a few bytes that choose, then the rest.
struct InputReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func below(_ limit: Int) -> Int { Int(byte()) % max(1, limit) }

    /// So many at most.
    mutating func bytes(_ count: Int = .max) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    var isEmpty: Bool { rest.isEmpty }
}
