// `herald login`: a person signs in for an account that logs in with access tokens; the mailer gets them by its socket. No
// token is ever shown.

import ArgumentParser
import Authorization
import Control
import Formats
import Glibc
import Mailing
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

struct LoginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Sign in for an account that logs in with OAuth2.",
        discussion: """
            Microsoft: open the page that is shown, on any device, and enter the code. Google: a browser on this host, or on \
            your own computer by the ssh command that is shown. The tokens go to the mailer alone. For an application with a \
            secret, or a service account, nobody signs in: then it is tried whether a token is given.
            """)

    @OptionGroup var config: ConfigOption
    @Argument(help: "The account; with --sent-folder, the alias. Without it, the only one with 'oauth'.") var name:
        String?
    @Flag(help: "Sign in for the folder for what this alias sent (IMAP).") var sentFolder = false
    @Flag(help: "Ask nothing on the terminal; an account that a person must sign in for ends with exit code 1.")
    var nonInteractive = false
    @Flag(help: "JSON objects, one a line: what is to be opened and entered, and how it came out.") var json = false
    @Option(help: "The port of this host's loopback address that the browser comes back to; default: a free one.")
    var port: Int?

    func validate() throws {
        if let port, !(1...65535).contains(port) { throw ValidationError("--port wants a number from 1 to 65535") }
    }

    func run() throws {
        CoreDump.refuse()
        let settings = try config.mailSettings()
        let (owner, source) = try find(settings.tokenSources)
        guard CurlRequest.isInstalled else { throw Failure.notWell(CurlFault.missing.words) }
        let client: OAuthClient
        do throws(SessionFault) { client = try OAuthClient(source.oauth) } catch { throw Failure.wrong("\(error)") }
        if client.way.needsPerson, nonInteractive {
            throw Failure.notWell("somebody has to sign in for \(owner.words): herald login \(owner.argument)")
        }
        let handover = TokenHandover(settings: settings)
        // Before anybody takes the trouble.
        if client.way.needsPerson { try handover.check() }
        let reply: TokenReply
        do throws(TokenFault) {
            reply = try signIn(client, source)
        } catch {
            let fault = SessionFault(error, owner)
            throw error.isTransient ? Failure.later("\(fault)") : Failure.notWell("\(fault)")
        }
        guard client.way.needsPerson else {
            if json { return Terminal.say(outcome(owner, nil).text) }
            return Terminal.say("\(owner.words): a token is given, nobody has to sign in.")
        }
        guard reply.refreshToken != nil else {
            throw Failure.notWell(
                "the provider gave no token to renew the sign-in with: have 'offline_access' among oauth's scopes, where it knows "
                    + "that one")
        }
        var record = TokenRecord(client: source.oauth.client)
        record.take(reply, at: SystemClock.now())
        try handover.give(record, of: owner)
        if json { return Terminal.say(outcome(owner, record).text) }
        say(owner, source, record)
    }

    private func outcome(_ owner: TokenOwner, _ record: TokenRecord?) -> JSON {
        var members = owner.json.members ?? []
        members.append(JSON.Member("status", record == nil ? "given" : "signed-in"))
        members.append(JSON.Member("signed_in_as", JSON(record?.address)))
        members.append(JSON.Member("holds_until", JSON(record?.refreshExpires?.rfc3339())))
        return .object(members)
    }

    /// By name, or the only one there is.
    private func find(_ sources: [TokenOwner: TokenSource]) throws -> (TokenOwner, TokenSource) {
        let owners = sources.keys.filter { owner in
            if case .sentFolder = owner { sentFolder } else { !sentFolder }
        }.sorted { $0.argument < $1.argument }
        let what = sentFolder ? "alias with an 'oauth' in its sent_folder" : "account with 'oauth'"
        guard let name else {
            if let only = owners.first, owners.count == 1, let source = sources[only] { return (only, source) }
            let list = owners.map(\.argument).joined(separator: ", ")
            throw Failure.wrong(owners.isEmpty ? "the settings have no \(what)" : "which \(what)? There are \(list)")
        }
        let owner = sentFolder ? TokenOwner.sentFolder(alias: name) : .account(name)
        if let source = sources[owner] { return (owner, source) }
        let names = owners.map { owner in
            switch owner {
            case .account(let name), .sentFolder(let name): name
            }
        }
        let near = NearestName.to(name, in: names).map { "; did you mean '\($0)'?" } ?? ""
        throw Failure.wrong("there is no \(what) '\(Printable.text(name, limit: 60))'\(near)")
    }

    private func signIn(_ client: OAuthClient, _ source: TokenSource) throws(TokenFault) -> TokenReply {
        let caFile = source.oauth.caFile
        switch client.way {
        case .deviceCode: return try DeviceSignIn(client: client, caFile: caFile, isJSON: json).run()
        case .loopback:
            var signIn = try BrowserSignIn(client, caFile: caFile, port: port)
            return try signIn.run(hint: source.login)
        case .clientCredentials:
            return try TokenReply(
                TokenFetch.answer(to: client.tokenRequest(.clientCredentials), caFile: caFile), client.way)
        case .serviceAccount:
            let assertion: Secret
            do throws(SessionFault) {
                assertion = try TokenKeeper.assertion(source, client)
            } catch { throw TokenFault(.request, error.words) }
            return try TokenReply(
                TokenFetch.answer(to: client.tokenRequest(.assertion(assertion)), caFile: caFile), client.way)
        }
    }

    private func say(_ owner: TokenOwner, _ source: TokenSource, _ record: TokenRecord) {
        let who = record.address.map { " as \(Printable.text($0))" } ?? ""
        Terminal.say("Signed in for \(owner.words)\(who).")
        if let end = record.refreshExpires {
            Terminal.say("It holds until \(HostClock.text(.string(end.rfc3339()))); herald status warns a week before.")
        }
        guard let address = record.address else {
            if source.login == nil {
                Terminal.say("Set 'login' to the mailbox's address: the sign-in does not say it.")
            }
            return
        }
        if let login = source.login, login.lowercased() != address.lowercased() {
            Terminal.say(
                "The settings' login is \(Printable.text(login)): that works only if \(Printable.text(address)) may send for it."
            )
        }
    }
}

/// By device code: what the flow asks for is done, with the time that it takes.
private struct DeviceSignIn {
    let client: OAuthClient
    let caFile: String?
    let isJSON: Bool

    func run() throws(TokenFault) -> TokenReply {
        var flow = DeviceFlow(client)
        var action = flow.start()
        while true {
            switch action {
            case .send(let request):
                let answer = TokenFetch.answer(to: request, caFile: caFile)
                action = flow.answered(answer, at: SystemClock.monotonic())
            case .show(let prompt) where isJSON:
                let facts: JSON = [
                    "open": .string(prompt.url), "code": .string(prompt.code),
                    "seconds": .int(prompt.lifetime.milliseconds / 1000),
                ]
                Terminal.say(facts.text)
                action = flow.wasShown(at: SystemClock.monotonic())
            case .show(let prompt):
                Terminal.say(
                    "Open \(Terminal.bold(prompt.url)) on any device and enter the code \(Terminal.bold(prompt.code))")
                Terminal.say("Waiting, for \(prompt.lifetime.phrase) at most …")
                action = flow.wasShown(at: SystemClock.monotonic())
            case .wait(let duration):
                // Ctrl-C ends it here; nothing is left behind.
                _ = try? Poller.wait([], timeout: duration)
                action = flow.waited(at: SystemClock.monotonic())
            case .done(let reply): return reply
            case .failed(let fault): throw fault
            }
        }
    }
}
