// swift-tools-version: 6.2
// Hostile bytes for everything that reads what others have written: libFuzzer over the product's own modules (`make fuzz`).
// A package of its own, since the compiler instruments all that it builds with --sanitize=fuzzer, and a fuzzer has a main of
// its own. `Sources` is the product's.
import PackageDescription

let swift6: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]

func system(_ name: String, pkgConfig: String) -> Target { .systemLibrary(name: name, pkgConfig: pkgConfig) }

func module(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: swift6)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "fuzzing",
    dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.2")],
    targets: [
        system("CSystemd", pkgConfig: "libsystemd"), system("COpenSSL", pkgConfig: "openssl"),
        system("CVectorscan", pkgConfig: "libhs"), system("CPCRE2", pkgConfig: "libpcre2-8"),
        system("CYAML", pkgConfig: "yaml-0.1"), system("CIDN2", pkgConfig: "libidn2"), .target(name: "CPlatform"),
        .systemLibrary(name: "CResolv"),
        module("Formats"), module("Platform", ["CPlatform", "Formats", logging]), module("YAML", ["CYAML", "Formats"]),
        module("Records", ["Formats"]), module("Rules", ["Formats", "YAML", "Records"]),
        module("Incidents", ["Formats", "Records", "Rules"]), module("Mail", ["Formats"]),
        module("SMTPProtocol", ["COpenSSL", "Formats", "Mail"]),
        module("MailRouting", ["CIDN2", "Formats", "Mail"]),
        module("Authorization", ["COpenSSL", "Formats", "SMTPProtocol"]),
        module("Settings", ["Formats", "Platform", "YAML", "Mail", "Records", "Rules"]),
        module("LogSources", ["CSystemd", "CPlatform", "Formats", "Platform", "Records", logging]),
        module(
            "RuleMatching", ["CVectorscan", "CPCRE2", "CPlatform", "Formats", "Platform", "YAML", "Records", "Rules"]),
        module(
            "SMTPTransport",
            [
                "CResolv", "COpenSSL", "Formats", "Platform", "Mail", "SMTPProtocol", "MailRouting", "Authorization",
                logging,
            ]),
        module("Spool", ["Formats", "Platform", "Mail"]),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Formats", "Platform", "YAML", "Records", "Rules", "Incidents", "Mail", "SMTPProtocol", "Settings",
                "LogSources", "RuleMatching", "Spool", "MailRouting", "Authorization", "SMTPTransport",
            ],
            path: "Fuzz", swiftSettings: swift6 + [.unsafeFlags(["-parse-as-library"])]),
    ]
)
