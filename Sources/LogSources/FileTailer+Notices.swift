// What is said, once, and taken back when it is over.

import Formats
import Records

extension FileTailer {
    /// A fault of `place`, told when it is new or another than before.
    func say(
        _ kind: SourceNotice.Kind, _ place: String, _ path: String, _ text: String, _ output: inout SourceOutput
    ) {
        if faults[place] == text { return }
        faults[place] = text
        output.notices.append(SourceNotice(.file(path), kind, Printable.text(text)))
    }

    func clearFault(_ place: String, _ path: String, _ output: inout SourceOutput) {
        if faults.isEmpty || faults.removeValue(forKey: place) == nil { return }
        output.notices.append(SourceNotice(.file(path), .readable, "\(Printable.text(place)) is read again."))
    }

    /// A checkpoint that moved without records.
    func note(_ checkpoint: FileCheckpoint, _ output: inout SourceOutput) {
        output.move(.file(checkpoint))
    }

    func gap(_ path: String, _ text: String, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(.file(path), .gap, Printable.text(text)))
    }
}
