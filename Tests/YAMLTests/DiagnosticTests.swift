// How faults are shown: in the order of the files, and with their level once.

import Testing

@testable import YAML

@Suite struct DiagnosticTests {
    @Test func `Faults stand in the order of the lines of each file, the files as they were met`() {
        let places = [("b", 9, 1), ("a", 4, 2), ("b", 2, 7), ("b", 2, 3), ("a", 0, 0), ("b", 10, 1)]
        let faults = places.map { Diagnostic(file: $0.0, line: $0.1, column: $0.2, message: "x") }
        #expect(
            Diagnostic.inOrder(faults).map(\.description)
                == ["b:2:3: x", "b:2:7: x", "b:9:1: x", "b:10:1: x", "a: x", "a:4:2: x"])
    }

    @Test func `A log that shows the level itself gets the text without it`() {
        let fault = Diagnostic(file: "h.yaml", line: 3, column: 5, message: "odd", severity: .warning)
        #expect(fault.description == "h.yaml:3:5: warning: odd")
        #expect(fault.unlevelled == "h.yaml:3:5: odd")
    }
}
