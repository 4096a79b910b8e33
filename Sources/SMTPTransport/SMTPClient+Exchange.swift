// What the conversation asks for, done on the stream: replies read, commands and the message written, the handshake made.

import Formats
import Logging
import Mail
import Platform
import SMTPProtocol

// Reading.
extension SMTPClient {
    /// The next whole reply, or why there is none. The wait ends when the reply is whole, and from its first byte on it
    /// has `replyCompletion`: who lets bytes trickle gains nothing.
    func nextReply(_ wait: Conversation.Wait) -> Conversation.Event {
        let timeout = timeout(wait)
        let end = deadline(timeout)
        var completion: Duration?
        while true {
            if let event = parsed() { return event }
            if !parser.isEmpty, completion == nil { completion = deadline(options.timeouts.replyCompletion) }
            guard let stream else { return .disconnected("there is no connection") }
            do throws(StreamFault) {
                let bytes = try stream.read(by: min(end, completion ?? end))
                if bytes.isEmpty { return .disconnected("the server closed the connection") }
                parser.append(bytes)
            } catch { return event(error, timeout) }
        }
    }

    private func parsed() -> Conversation.Event? {
        do throws(ReplyError) {
            guard let reply = try parser.next() else { return nil }
            log.debug("< \(reply.text)", metadata: reply.hasBareLineFeed ? ["line_end": "LF"] : nil)
            return .replyReceived(reply)
        } catch { return .replyMalformed(error) }
    }

    private func event(_ fault: StreamFault, _ timeout: Duration) -> Conversation.Event {
        switch fault {
        case .timedOut:
            if let limit, SystemClock.monotonic() >= limit.end { .timedOut(limit.allowed) } else { .timedOut(timeout) }
        case .disconnected(let words): .disconnected(words)
        case .tls(let failure): .tlsFailed(failure)
        }
    }

    /// What came without being asked for. Of it, 421 alone means something: the server is about to go.
    private func unsolicited() -> Conversation.Event? {
        if let event = readAhead() { return event }
        if !parser.isEmpty {
            if case .replyReceived(let reply) = parsed(), reply.code == 421 { return .replyReceived(reply) }
            return .unsolicitedBytesReceived
        }
        return nil
    }

    /// Takes what has come without waiting. An event where nothing has come and nothing will.
    private func readAhead() -> Conversation.Event? {
        guard let stream else { return .disconnected("there is no connection") }
        do throws(StreamFault) {
            parser.append(try stream.readAvailable())
        } catch { return event(error, .zero) }
        return parser.isEmpty && stream.isFinished ? .disconnected("the server closed the connection") : nil
    }
}

// Writing.
extension SMTPClient {
    func send(_ commands: [UInt8]) -> Conversation.Event? {
        send { (stream, deadline) throws(StreamFault) in _ = try stream.write(commands, by: deadline) }
    }

    func send(_ secret: Secret) -> Conversation.Event? {
        send { (stream, deadline) throws(StreamFault) in try stream.write(secret, by: deadline) }
    }

    private func send(_ write: (NetworkStream, Duration) throws(StreamFault) -> Void) -> Conversation.Event? {
        if let event = unsolicited() { return event }
        guard let stream else { return .disconnected("there is no connection") }
        do throws(StreamFault) {
            try write(stream, deadline(options.timeouts.command))
            return nil
        } catch { return broken(error, options.timeouts.command) }
    }

    func refreshToken() -> Conversation.Event {
        do throws(SessionFault) {
            guard case .token(_, let token) = try options.login?(true) else {
                return .tokenRefused(SessionFault(.login, "there is no other token", [.tryAgain, .tellOperator]))
            }
            return .tokenRefreshed(token)
        } catch { return .tokenRefused(error) }
    }

    /// All blocks but the last.
    func sendBody() -> Conversation.Event {
        // From here on the message's own times count: of a block, of the body, of the final reply.
        limit = nil
        // So that a reply that came with 354 costs no commit.
        if let event = saidEarly() { return event }
        while let block = delivery?.blocks.next() {
            if block.isLast {
                delivery?.last = block.bytes
                return .bodySent
            }
            if let event = send(block: block.bytes) { return event }
        }
        return .disconnected("there is no message")
    }

    func markDot(_ recipients: [EmailAddress]) -> Conversation.Event {
        do {
            try delivery?.onDotPending(recipients)
            return .dotMarked
        } catch { return .dotRefused("the queue could not be written: \(error)") }
    }

    func sendEnd() -> Conversation.Event { send(block: delivery?.last ?? []) ?? .endSent }

    /// Rows 70 and 72: what the server has said by now was said before the dot, and so is no answer to it (RFC 5321
    /// section 4.1.1.4).
    private func saidEarly() -> Conversation.Event? {
        readAhead() ?? (parser.isEmpty ? nil : nextReply(.command))
    }

    /// Rows 72 to 74: while the message goes out, the server may refuse it, take no more, or go.
    private func send(block: [UInt8]) -> Conversation.Event? {
        if let event = saidEarly() { return event }
        guard let stream else { return .disconnected("there is no connection") }
        let end = deadline(options.timeouts.dataBlock)
        let slowest = slowestEnd(sending: block.count)
        do throws(StreamFault) {
            if try stream.write(block, by: min(end, slowest), stopsAtInput: true) { return nil }
            return nextReply(.command)
        } catch {
            if error == .timedOut, slowest < end {
                return .disconnected("the server takes less than \(options.timeouts.minimumRate) bytes a second")
            }
            return broken(error, options.timeouts.dataBlock)
        }
    }

    /// When this block must be with the operating system for the message not to be slower than the minimum rate.
    private func slowestEnd(sending count: Int) -> Duration {
        let began = delivery?.began ?? SystemClock.monotonic()
        let sent = (delivery?.sent ?? 0) + count
        delivery?.began = began
        delivery?.sent = sent
        return began + options.timeouts.dataBlock + .seconds(sent) / max(1, options.timeouts.minimumRate)
    }

    /// Writing failed. What the server said before it went is worth reading: it may be the reason (row 73).
    private func broken(_ fault: StreamFault, _ timeout: Duration) -> Conversation.Event {
        if case .disconnected(let words) = fault, let stream {
            let end = deadline(options.timeouts.quit)
            while true {
                if let event = parsed() { return event }
                guard let bytes = try? stream.read(by: end), !bytes.isEmpty else { return .disconnected(words) }
                parser.append(bytes)
            }
        }
        return event(fault, timeout)
    }
}
