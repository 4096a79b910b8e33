// Why an item is answered, held or refused: a closed set of rows, those of the table "When not to answer".

import Formats

/// One matching row of the table.
package struct Reason: Hashable, Sendable {
    package enum Action: String, Sendable {
        /// Hold for a human.
        case hold
        /// No answer.
        case refuse
    }

    /// The row's number.
    package var row: Int
    package var action: Action
    /// What was seen, safe to show.
    package var text: String

    package init(_ row: Int, _ action: Action, _ text: String) {
        self.row = row
        self.action = action
        self.text = Printable.text(text, limit: 300)
    }
}
