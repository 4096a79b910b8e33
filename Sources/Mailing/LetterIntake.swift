// incoming/NAME: letters that the daemons hand over. Each file is taken into the queue, and goes when that is committed;
// what is no letter, or not one that may be sent, goes to rejected/ with the reason beside it, and holds nothing up.

import Formats
import Glibc
import Logging
import Mail
import Platform
import Spool

/// What the letters of one round came to.
struct IntakeResult {
    /// To be unlinked once the round is committed.
    var taken: [(folder: HandoverFolder, name: String)] = []
    var rejected: [(folder: HandoverFolder, name: String, reason: String)] = []
    /// By folder: how much of its backlog this round has dealt with.
    var done: [(letters: Int, strangers: Int)] = []
    /// More letters wait.
    var hasMore = false
}

/// The folders of the daemons.
final class LetterIntake {
    /// What one listing of a folder found and no committed round has dealt with. A folder is listed again only when this
    /// is empty: what comes meanwhile was written later, and a folder of n letters costs one listing, not n/64 of them.
    private struct Backlog {
        var letters: ArraySlice<String> = []
        var strangers: ArraySlice<String> = []
        /// Something may have come since the listing.
        var isStale = true
        var isEmpty: Bool { letters.isEmpty && strangers.isEmpty }
    }

    /// A file in one of the folders; the folder itself where the name is empty.
    struct Place: Hashable {
        private let folder: Octets
        private let name: Octets

        init(_ folder: HandoverFolder, _ name: String = "") {
            self.folder = Octets(folder.path)
            self.name = Octets(name)
        }

        var path: String { name.text.isEmpty ? folder.text : folder.text + "/" + name.text }

        /// Whether this is a file in `folder` that has none of `names`.
        func isGone(from folder: HandoverFolder, _ names: Set<Octets>) -> Bool {
            !name.text.isEmpty && self.folder == Octets(folder.path) && !names.contains(name)
        }
    }

    private let folders: [(daemon: String, folder: HandoverFolder)]
    /// One for each of `folders`.
    private var backlogs: [Backlog]
    let rejectedFolder: String
    private let inotify: Inotify
    private let log: Logger
    /// Files that lie there and are not looked at again, with what is the matter with them, told once.
    private(set) var stuck: [Place: String] = [:]
    /// Of these: what was taken in and could not be removed; it is tried again.
    private var unremoved: Set<Place> = []
    /// Of these: what the disk does not give, looked at again now and then.
    private var unreadable: Set<Place> = []
    /// A folder that cannot be watched, told once.
    private(set) var trouble: String?

    /// At most this much is taken in with one commit.
    static let lettersPerRound = 64
    private static let bytesPerRound = 8 << 20
    /// At most so many are refused unseen with one commit, of either kind: each costs syncs of the disk.
    private static let refusalsPerRound = 32

    /// What may lie in `rejectedFolder`, reasons included.
    private static let rejectedFiles = 4000
    private static let rejectedBytes: Int64 = 256 << 20

    init(incoming: [(daemon: String, path: String)], rejected: String, log: Logger) throws(SystemError) {
        folders = incoming.map { ($0.daemon, HandoverFolder(path: $0.path)) }
        backlogs = incoming.map { _ in Backlog() }
        rejectedFolder = rejected
        inotify = try Inotify()
        self.log = log
        try Files.makeDirectories(rejected)
        watch()
    }

    /// Readable when something has changed in the folders.
    var descriptor: Descriptor { inotify.descriptor }

    /// Whether there may be something new.
    func hasEvents() -> Bool {
        if inotify.events().isEmpty { return false }
        lookAgain()
        return true
    }

    private func lookAgain() {
        for index in backlogs.indices { backlogs[index].isStale = true }
    }

    /// Makes and watches the folders, again where they were replaced, and looks at them again.
    func watch() {
        lookAgain()
        for place in unremoved { remove(place) }
        do throws(SystemError) {
            for (_, folder) in folders {
                try Files.makeDirectories(folder.path, mode: 0o2770)
                let mask = IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR
                _ = try inotify.add(folder.path, UInt32(mask))
            }
            trouble = nil
        } catch {
            let words = error.description
            if trouble != words { log.error("letters cannot be taken in: \(words)") }
            trouble = words
        }
    }

    /// A letter that may be taken in, and where it lies.
    struct Waiting {
        var letter: Letter
        var folder: HandoverFolder
        var name: String
    }

    /// What comes next.
    struct Batch {
        /// In the order in which they were made.
        var letters: [Waiting] = []
        /// What is refused unseen; settled without the letters, it leaves them where they are until a later listing.
        var result = IntakeResult()
    }

    /// Offers letters to `queue`, inside its transaction.
    func offer(_ batch: Batch, to queue: Queue, at now: Timestamp) throws(QueueError) -> IntakeResult {
        var result = batch.result
        for waiting in batch.letters {
            if try queue.takeIn(waiting.letter, at: now) == .conflict {
                let reason = "another letter with the id \(waiting.letter.id) was taken in before"
                result.rejected.append((waiting.folder, waiting.name, reason))
            } else {
                result.taken.append((waiting.folder, waiting.name))
            }
        }
        return result
    }

    /// The letters of a round, and what is refused unseen. The backlogs stay as they are until `settle`: a round that is
    /// not committed has dealt with nothing.
    func next(_ admission: Admission, atMost limit: Int = lettersPerRound) -> Batch {
        var letters: [Waiting] = []
        var result = IntakeResult()
        var bytes = 0
        var refusedLetters = 0
        for index in folders.indices {
            if backlogs[index].isEmpty, backlogs[index].isStale { list(index) }
            let (daemon, folder) = folders[index]
            let strangers = backlogs[index].strangers.prefix(Self.refusalsPerRound)
            for name in strangers where stuck[Place(folder, name)] == nil {
                result.rejected.append((folder, name, "its name is none of a letter's"))
            }
            var looked = 0
            for name in backlogs[index].letters {
                if letters.count >= limit || bytes > Self.bytesPerRound
                    || refusedLetters >= Self.refusalsPerRound
                {
                    break
                }
                looked += 1
                if stuck[Place(folder, name)] != nil { continue }
                switch read(name, in: folder, from: daemon, admission) {
                case .gone, .later: continue
                case .unreadable(let error):
                    stick(Place(folder, name), "cannot be read: \(error)")
                    unreadable.insert(Place(folder, name))
                case .refused(let reason):
                    refusedLetters += 1
                    result.rejected.append((folder, name, reason))
                case .letter(let letter):
                    bytes += letter.message.count
                    letters.append(Waiting(letter: letter, folder: folder, name: name))
                }
            }
            result.done.append((looked, strangers.count))
            if looked < backlogs[index].letters.count || strangers.count < backlogs[index].strangers.count
                || (backlogs[index].isStale && !backlogs[index].isEmpty)
            {
                result.hasMore = true
            }
        }
        letters.sort { $0.letter.created < $1.letter.created }
        return Batch(letters: letters, result: result)
    }

    /// Fills a folder's backlog. A folder that cannot be listed is told of by `watch`.
    private func list(_ index: Int) {
        let folder = folders[index].folder
        backlogs[index].isStale = false
        guard var found = try? folder.contents() else { return }
        if found.hasIllegible || stuck[Place(folder)] != nil {
            renameIllegible(in: folder)
            found = (try? folder.contents()) ?? found
        }
        if !stuck.isEmpty { forgetGone(folder, found.letters + found.strangers) }
        backlogs[index].letters = found.letters[...]
        backlogs[index].strangers = found.strangers[...]
    }

    /// What lies there no more is nobody's trouble.
    private func forgetGone(_ folder: HandoverFolder, _ names: [String]) {
        let names = Set(names.map { Octets($0) })
        for place in stuck.keys where place.isGone(from: folder, names) { free(place) }
    }

    private func free(_ place: Place) {
        stuck[place] = nil
        unremoved.remove(place)
        unreadable.remove(place)
    }

    private func stick(_ place: Place, _ words: String) {
        if stuck[place] != words { log.error("\(Printable.text(place.path)) \(words)") }
        stuck[place] = words
    }

    /// A letter's file that is not needed any more.
    private func remove(_ place: Place) {
        do throws(SystemError) {
            try Files.remove(place.path)
            free(place)
        } catch {
            if error.errno == ENOENT { return free(place) }
            stick(place, "was taken in and cannot be removed: \(error)")
            unremoved.insert(place)
        }
    }

    /// So that `strangers` names them. Where it cannot be done, that is told once.
    private func renameIllegible(in folder: HandoverFolder) {
        do throws(SystemError) {
            try folder.renameIllegible()
            stuck[Place(folder)] = nil
        } catch {
            stick(Place(folder), "has a file whose name is no text: \(error)")
        }
    }

    private enum Found {
        case letter(Letter)
        case refused(String)
        case gone
        /// The system could not read it this time.
        case later
        case unreadable(SystemError)
    }

    private func read(_ name: String, in folder: HandoverFolder, from daemon: String, _ admission: Admission) -> Found {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try folder.read(name)
        } catch {
            switch error.errno {
            case ENOENT: return .gone
            case EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN: return .later
            case EIO: return .unreadable(error)
            default: return .refused(error.description)
            }
        }
        do throws(LetterFileError) {
            let letter = try LetterFile.decode(bytes)
            guard name == HandoverFolder.name(of: letter.id) else {
                return .refused("its name is not that of the letter \(letter.id)")
            }
            return admission.refusal(of: letter, from: daemon).map { .refused($0) } ?? .letter(letter)
        } catch {
            return .refused(error.description)
        }
    }

    /// After the commit: what was taken is unlinked, what was refused is moved away. An unlink that a power cut undoes
    /// is done again: the letter is known then.
    func settle(_ result: IntakeResult) {
        for (index, done) in result.done.enumerated() {
            backlogs[index].letters.removeFirst(done.letters)
            backlogs[index].strangers.removeFirst(done.strangers)
        }
        for (folder, name) in result.taken { remove(Place(folder, name)) }
        for (folder, name, reason) in result.rejected {
            let path = Printable.text(folder.path + "/" + name)
            do throws(SystemError) {
                try folder.reject(name, reason: reason, into: rejectedFolder)
                log.error("\(path) is refused and lies in \(rejectedFolder): \(reason)")
            } catch {
                stick(
                    Place(folder, name),
                    "is refused (\(reason)) and cannot be moved to \(rejectedFolder): \(error)")
            }
        }
        if !result.rejected.isEmpty { pruneRejected() }
    }

    /// The oldest of the refused files go when there are too many.
    private func pruneRejected() {
        let removed = try? HandoverFolder.prune(
            rejectedFolder, count: Self.rejectedFiles, bytes: Self.rejectedBytes)
        guard let removed, !removed.isEmpty else { return }
        log.error("\(rejectedFolder) holds too much: the oldest \(removed.count) files there are removed")
    }

    /// Takes away what daemons that crashed left half written before `time`; what could not be read is tried once more.
    func sweep(before time: Timestamp) {
        for place in unreadable { free(place) }
        for (_, folder) in folders {
            for name in folder.removeLeftovers(before: time) {
                log.notice("\(Printable.text(folder.path + "/" + name)) was left by a crash and is removed")
            }
        }
    }

    /// How many refused files lie there, for a person to look at.
    var rejectedCount: Int {
        ((try? Files.names(in: rejectedFolder)) ?? []).count { !$0.starts(with: [0x2e]) && !$0.ends(with: ".reason") }
    }

    /// Whether a letter waits that can be taken in.
    var isEmpty: Bool {
        folders.allSatisfy { (_, folder) in
            guard let found = try? folder.contents() else { return true }
            return (found.letters + found.strangers).allSatisfy { stuck[Place(folder, $0)] != nil }
        }
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
