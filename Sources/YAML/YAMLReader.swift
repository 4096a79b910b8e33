// libyaml's events made into nodes. Bounded: aliases cannot blow a small file up, nesting cannot exhaust the stack.

import CYAML

package enum YAMLReader {
    /// The one document in `bytes`; an empty file is an empty mapping. `file` is the name that faults carry.
    /// - Throws: `Diagnostic` with the place of the first fault of syntax, of a duplicate key, or of excess.
    package static func read(_ bytes: [UInt8], file: String) throws(Diagnostic) -> YAMLNode {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw Diagnostic(file: file, message: "out of memory") }
        defer { yaml_parser_delete(&parser) }
        let result: Result<YAMLNode, Diagnostic> = bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            var composer = Composer(file: file)
            do throws(Diagnostic) { return .success(try composer.document(&parser)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

private struct Composer {
    let file: String
    var anchors: [String: YAMLNode] = [:]
    var nodes = 0
    static let maximumNodes = 500_000
    static let maximumDepth = 64

    init(file: String) { self.file = file }

    mutating func document(_ parser: inout yaml_parser_t) throws(Diagnostic) -> YAMLNode {
        var root: YAMLNode?
        while true {
            var event = try next(&parser)
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_STREAM_END_EVENT: return root ?? YAMLNode(.mapping([]), file: file, line: 1, column: 1)
            case YAML_STREAM_START_EVENT, YAML_DOCUMENT_END_EVENT: continue
            case YAML_DOCUMENT_START_EVENT:
                if root != nil { throw fault(event, "a second document; one file holds one") }
            default: root = try node(event, &parser, depth: 0)
            }
        }
    }

    private mutating func next(_ parser: inout yaml_parser_t) throws(Diagnostic) -> yaml_event_t {
        var event = yaml_event_t()
        if yaml_parser_parse(&parser, &event) == 1 { return event }
        let problem = parser.problem.map { String(cString: $0) } ?? "cannot be read"
        var message = problem
        if let context = parser.context { message = "\(String(cString: context)): \(problem)" }
        let mark = parser.problem_mark
        let known = mark.line > 0 || mark.column > 0 || parser.problem_offset == 0
        throw Diagnostic(
            file: file, line: known ? mark.line + 1 : 0, column: mark.column + 1, message: "not valid YAML: \(message)")
    }

    private func fault(_ event: yaml_event_t, _ message: String) -> Diagnostic {
        Diagnostic(
            file: file, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1, message: message
        )
    }

    private mutating func node(
        _ event: yaml_event_t, _ parser: inout yaml_parser_t, depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        guard depth < Self.maximumDepth else { throw fault(event, "nested deeper than \(Self.maximumDepth)") }
        try count(1, event)
        let content: YAMLNode.Content
        var anchor: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_ALIAS_EVENT:
            let name = Self.text(event.data.alias.anchor)
            guard let node = anchors[name] else { throw fault(event, "unknown alias '*\(name)'") }
            try count(Self.size(node), event)
            return node
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            anchor = scalar.anchor
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            content = .scalar(String(decoding: bytes, as: UTF8.self), plain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            anchor = event.data.sequence_start.anchor
            content = .sequence(try sequence(&parser, depth: depth))
        case YAML_MAPPING_START_EVENT:
            anchor = event.data.mapping_start.anchor
            content = .mapping(try mapping(&parser, depth: depth))
        default: throw fault(event, "unexpected content")
        }
        let line = Int(event.start_mark.line) + 1
        let node = YAMLNode(content, file: file, line: line, column: Int(event.start_mark.column) + 1)
        if anchor != nil { anchors[Self.text(anchor)] = node }
        return node
    }

    private mutating func sequence(_ parser: inout yaml_parser_t, depth: Int) throws(Diagnostic) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            var event = try next(&parser)
            defer { yaml_event_delete(&event) }
            if event.type == YAML_SEQUENCE_END_EVENT { return items }
            items.append(try node(event, &parser, depth: depth + 1))
        }
    }

    private mutating func mapping(_ parser: inout yaml_parser_t, depth: Int) throws(Diagnostic) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var seen: [String: Int] = [:]
        while true {
            var keyEvent = try next(&parser)
            defer { yaml_event_delete(&keyEvent) }
            if keyEvent.type == YAML_MAPPING_END_EVENT { return entries }
            let key = try node(keyEvent, &parser, depth: depth + 1)
            guard case .scalar(let name, _) = key.content else { throw key.fault("a key must be a single value") }
            if let line = seen[name] { throw key.fault("the key '\(name)' stands here twice (first in line \(line))") }
            seen[name] = key.line
            var valueEvent = try next(&parser)
            defer { yaml_event_delete(&valueEvent) }
            entries.append(YAMLNode.Entry(key: key, value: try node(valueEvent, &parser, depth: depth + 1)))
        }
    }

    private mutating func count(_ more: Int, _ event: yaml_event_t) throws(Diagnostic) {
        nodes += more
        if nodes > Self.maximumNodes { throw fault(event, "more than \(Self.maximumNodes) values in one file") }
    }

    private static func size(_ node: YAMLNode) -> Int {
        switch node.content {
        case .scalar: 1
        case .sequence(let items): items.reduce(1) { $0 + size($1) }
        case .mapping(let entries): entries.reduce(1) { $0 + 1 + size($1.value) }
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }
}
