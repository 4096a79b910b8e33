// swift-tools-version: 6.2
// The table of modules. A module may import what stands above it in this file and is named in its line, nothing else:
// `make check` compares every file's imports with it (packaging/scripts/check-imports).
import PackageDescription

let swift6: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
// Each program has the runtime in it; packaging/scripts/stats holds the limits of their size.
// The import of _StringProcessing that nobody writes links regular expressions, 1.3 MB: what is needed of it is in Formats.
// A section for each function lets the linker leave out what nobody calls, 0.2 to 0.6 MB; objects that were there before
// the flag stay as they are until they are built anew for another reason (`make clean`).
let lean: [SwiftSetting] = [
    .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"]),
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
]
// A program exports none of its functions, 0.2 to 0.8 MB with those then left out; relocations are packed as glibc 2.36
// reads them, 0.6 to 0.9 MB, which only lld does.
let leanLink: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld"] + ["--no-export-dynamic", "-z", "pack-relative-relocs"].flatMap { ["-Xlinker", $0] },
        .when(configuration: .release))
]
// Warnings are errors where HERALD_STRICT is set (`make check`), so that a newer compiler's warnings stop nobody else. Not
// in tests: what the macros of Swift Testing expand to has warnings of its own.
let strict = swift6 + lean + (Context.environment["HERALD_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// A system library: a module map and, for macros and variadic functions, a commented shim.
func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// A module of the product, with the modules and products it may import.
func module(_ name: String, _ imports: [Target.Dependency] = [], _ more: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: strict + more)
}

/// What runs once, or for a person: optimised for size.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// A program: arguments, start, stop.
func program(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: imports, swiftSettings: strict + small, linkerSettings: leanLink)
}

/// The tests of a module.
func tests(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + imports, swiftSettings: swift6)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "herald",
    products: [
        .executable(name: "herald", targets: ["herald"]),
        .executable(name: "herald-watcher", targets: ["herald-watcher"]),
        .executable(name: "herald-mailer", targets: ["herald-mailer"]),
        .executable(name: "herald-responder", targets: ["herald-responder"]),
        .executable(name: "herald-extract", targets: ["herald-extract"]),
        // For tests: loaded into programs with LD_PRELOAD, and part of none.
        .library(name: "Interposer", type: .dynamic, targets: ["Interposer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // Floor 0: C libraries of the system, and the little that Swift cannot say.
        system("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
        system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
        system("CVectorscan", pkgConfig: "libhs", apt: "libvectorscan-dev"),
        system("CPCRE2", pkgConfig: "libpcre2-8", apt: "libpcre2-dev"),
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        system("CIDN2", pkgConfig: "libidn2", apt: "libidn2-dev"),
        .systemLibrary(name: "CResolv"),
        .target(name: "CPlatform"),

        // Floor 1, the base: values and their standard forms; the operating system; SQLite; YAML.
        module("Formats"),
        module("Platform", ["CPlatform", "Formats", logging]),
        module("Database", ["CSQLite"]),
        module("YAML", ["CYAML", "Formats"]),

        // Floor 1, the pure modules: no input or output, no clock, no threads.
        module("Records", ["Formats"]),
        module("Rules", ["Formats", "YAML", "Records"]),
        module("Incidents", ["Formats", "Records", "Rules"]),
        module("Mail", ["Formats"]),
        module("SMTPProtocol", ["COpenSSL", "Formats", "Mail"]),
        module("MailRouting", ["CIDN2", "Formats", "Mail"], small),
        module("Authorization", ["COpenSSL", "Formats", "SMTPProtocol"], small),
        module("Replies", ["Formats", "YAML", "Mail"]),
        module("Settings", ["Formats", "Platform", "YAML", "Mail", "Records", "Rules"], small),

        // Floor 2: what touches the outside.
        module("LogSources", ["CSystemd", "CPlatform", "Formats", "Platform", "Records", logging]),
        module(
            "RuleMatching", ["CVectorscan", "CPCRE2", "CPlatform", "Formats", "Platform", "YAML", "Records", "Rules"]),
        module(
            "SMTPTransport",
            [
                "CResolv", "COpenSSL", "Formats", "Platform", "Mail", "SMTPProtocol", "MailRouting", "Authorization",
                logging,
            ]),
        module("Intake", ["Formats", "Platform", logging]),
        module("Extraction", ["CPlatform", "Formats", "Platform", "Mail"]),
        module("Spool", ["Formats", "Platform", "Mail"]),
        module("Control", ["Formats", "Platform", logging], small),

        // Floor 3: each assembles its pipeline.
        module(
            "Watching",
            [
                "Formats", "Platform", "Database", "YAML", "Records", "Rules", "Incidents", "Mail", "Settings",
                "LogSources", "RuleMatching", "Spool", "Control", logging,
            ]),
        module(
            "Mailing",
            [
                "Formats", "Platform", "Database", "YAML", "Mail", "SMTPProtocol", "MailRouting", "Authorization",
                "Settings", "SMTPTransport", "Spool", "Control", logging,
            ]),
        module(
            "Responding",
            [
                "Formats", "Platform", "Database", "YAML", "Mail", "Replies", "Settings", "Intake", "Spool", "Control",
                logging,
            ]),

        // Floor 4: the programs.
        program("herald-watcher", ["Platform", "Settings", "Watching", logging]),
        program("herald-mailer", ["Platform", "Settings", "Mailing", logging]),
        program("herald-responder", ["Platform", "Settings", "Responding", logging]),
        program("herald-extract", ["Platform", "Extraction"]),
        program(
            "herald",
            [
                "COpenSSL", "Formats", "Platform", "Database", "YAML", "Records", "Rules", "Incidents", "Mail",
                "SMTPProtocol", "MailRouting", "Authorization", "Replies", "Settings", "LogSources", "RuleMatching",
                "SMTPTransport",
                "Spool", "Control", "Mailing", "Watching", arguments, logging,
            ]),

        // Tests.
        .target(name: "Interposer", path: "Tests/Interposer"),
        .target(
            name: "TestSupport",
            dependencies: ["COpenSSL", "Formats", "Platform", "Mail", "SMTPProtocol", "Spool", "SMTPTransport"],
            path: "Tests/TestSupport", swiftSettings: swift6),
        tests("Formats"), tests("Platform", ["Formats"]), tests("Database"), tests("YAML"),
        tests("Records", ["Formats"]), tests("Rules", ["Formats", "YAML", "Records"]),
        tests("Incidents", ["Formats", "Records", "Rules"]), tests("Mail", ["Formats", "Platform"]),
        tests("SMTPProtocol", ["Formats", "Mail"]), tests("MailRouting", ["Formats", "Mail"]),
        tests("Authorization", ["COpenSSL", "Formats", "Platform", "SMTPProtocol"]),
        tests("Replies", ["Formats", "YAML", "Mail"]),
        tests("Settings", ["Formats", "Platform", "YAML", "Mail", "Records", "Rules"]),
        tests("LogSources", ["Formats", "Platform", "Records"]),
        tests("RuleMatching", ["Formats", "Platform", "YAML", "Records", "Rules"]),
        tests(
            "SMTPTransport",
            [
                "COpenSSL", "Formats", "Platform", "Mail", "SMTPProtocol", "MailRouting", "Authorization", logging,
            ]),
        tests("Intake", ["Formats", "Platform"]), tests("Extraction", ["Formats", "Platform", "Mail"]),
        tests("Spool", ["Formats", "Platform", "Mail"]), tests("Control", ["Formats", "Platform", logging]),
        tests(
            "Watching",
            [
                "Formats", "Platform", "Database", "Records", "Rules", "Incidents", "Mail", "Settings", "LogSources",
                "RuleMatching", "Spool", "Control", "YAML", logging,
            ]),
        tests(
            "Mailing",
            [
                "Formats", "Platform", "Database", "Mail", "SMTPProtocol", "MailRouting", "Authorization", "Settings",
                "SMTPTransport", "Spool", "Control", logging,
            ]),
        tests(
            "Responding",
            ["Formats", "Platform", "Database", "Mail", "Replies", "Settings", "Intake", "Spool", "Control", logging]),
        .testTarget(
            name: "ProgramTests",
            dependencies: [
                "TestSupport", "Formats", "Platform", "Mail", "SMTPProtocol", "Settings", "Spool", "SMTPTransport",
                "Control", "Mailing", "herald", "herald-watcher", "herald-mailer", "herald-responder", "herald-extract",
                logging,
            ],
            swiftSettings: swift6),
    ]
)
