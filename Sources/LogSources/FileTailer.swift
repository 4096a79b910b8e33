import Formats
import Platform
import Records

/// Follows all log files that match some globs.
package final class FileTailer {
    package struct Options: Sendable {
        package var patterns: [FilePattern]
        /// Where a file begins that is there at the first start: its end (true) or its beginning. Files that appear
        /// later are always read from their beginning.
        package var startsAtEnd = true
        /// Of one line, in bytes; the rest of a longer one is skipped, and said.
        package var lineLimit = 64 << 10
        /// Of one `read`, over all files.
        package var readLimit = 1 << 20
        /// How long the last line may lack its newline before it is taken as it is.
        package var lastLineTimeout = Duration.seconds(5)
        /// Between two looks at which files there are.
        package var rescanInterval = Duration.seconds(10)

        package init(patterns: [FilePattern]) { self.patterns = patterns }
    }

    /// `checkpoints` are those that the owner stored, those of other sources too.
    package init(_ options: Options, checkpoints: [SourceCheckpoint]) {}

    /// To be polled for reading; a hint only.
    package var descriptors: [Int32] { [] }

    /// When `read` must be called though no descriptor is ready, on the monotonic clock; in the past: at once.
    package var nextDeadline: Duration { .zero }

    /// Reads what is there, up to the limits. Never waits.
    package func read(at time: SourceTime) -> SourceOutput { SourceOutput() }

    /// Whether everything that was there at the last `read` was handed over.
    package var isIdle: Bool { true }

    package var status: [SourceStatus] { [] }
}
