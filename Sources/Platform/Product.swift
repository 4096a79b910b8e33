// What this is, in one place.

package enum Product {
    package static let name = "herald"
    package static let version = "0.1.0"
    package static let settingsPath = "/etc/herald/herald.yaml"
    /// What lies here reaches the mailer as its unit's credentials (systemd.exec(5), LoadCredential).
    package static let secretsFolder = "/etc/herald/secrets"
}
