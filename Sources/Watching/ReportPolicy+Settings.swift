// The incident book's policy as the settings give it.

import Incidents
import Settings

extension ReportPolicy {
    /// The settings' figures; the rest stays as it is fixed.
    init(_ report: Settings.Report) {
        self.init()
        groupWait = report.groupWait
        groupInterval = report.groupInterval
        repeatInterval = report.repeatInterval
        maxPerHour = report.maxPerHour
        minSeverity = report.minSeverity
        samples = report.samples
        let recipients = report.enabled ? report.recipients.filter(\.enabled) : []
        audience = recipients.map { Audience(minSeverity: $0.minSeverity, rules: $0.rules) }
    }
}
