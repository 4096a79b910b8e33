// The page of all settings, made from their declarations.

/// `docs/settings.md`.
package enum SettingsPage {
    package static var markdown: String {
        var page = """
            # Settings

            One YAML file, `/etc/herald/herald.yaml`, and `conf.d/*.yaml` beside it, merged over it in the order of their
            names: maps by key; aliases by `description`, files and folders by `path`, other lists of maps by `name`; all
            else is replaced. Durations are written `90s`, `5m`, `4h`, `2d`, `2500ms`. `herald check` shows every mistake
            at once, with its place. This page is made from the declarations in the program (`make docs`).

            A daemon keeps its earlier settings where new ones are wrong, and `herald send`, `queue`, `status`, `incidents`
            and `silence` still ask it: what is wrong is said beside. `test-connection` wants the section `smtp` right. A
            file that is no YAML at all names no folders: `--run DIR` says where the daemons' sockets are; of
            `/etc/herald/herald.yaml` the default one is taken, by ordinary users too who may not read it. With a
            `password` in it that file has to be 0600, and then nobody but root can send where `paths.run` is another
            folder: put passwords into `password_file`s, and leave the settings readable.

            """
        for section in sections(of: Declarations.root) {
            page += "\n## \(section.path.isEmpty ? "The file" : "`\(section.path)`")\n\n"
            page += "| key | type | default | meaning |\n|---|---|---|---|\n"
            for key in section.keys {
                let fallback = key.fallback.map { "`\($0)`" } ?? ""
                page += "| `\(key.name)` | \(key.kind.phrase) | \(fallback) | \(key.sentence) |\n"
            }
        }
        return page
    }

    private static func sections(of section: SettingSection) -> [SettingSection] {
        var result = [section]
        for key in section.keys {
            switch key.kind {
            case .map(let inner), .list(let inner): result += sections(of: inner)
            case .custom where key.name == "to": result.append(Declarations.recipient)
            case .custom where key.name == "server_timeout": result.append(Declarations.timeouts)
            case .custom where key.name == "multiline": result.append(Declarations.multiline)
            default: break
            }
        }
        return result
    }
}
