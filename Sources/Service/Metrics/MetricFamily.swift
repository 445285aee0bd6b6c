/// Samples of one name, as Prometheus collects them.
struct MetricFamily: Equatable {
    enum Kind: String {
        /// Goes up and down.
        case gauge
        /// Only grows until the daemon ends; its samples' names end in `_total`.
        case counter
        /// Quantiles, as the label `quantile`.
        case summary
    }

    struct Sample: Equatable {
        var labels: [(name: String, value: String)] = []
        let value: Double

        static func == (one: Self, other: Self) -> Bool {
            one.value == other.value && one.labels.elementsEqual(other.labels, by: ==)
        }
    }

    /// Without `_total`; ends in the unit, if there is one.
    let name: String
    let kind: Kind
    /// "seconds", "bytes"; "" for numbers of things.
    var unit = ""
    let help: String
    var samples: [Sample] = []
}

/// The two texts that programs around Prometheus read.
enum MetricsFormat {
    /// OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/
    case openMetrics
    /// The older text format 0.0.4: that of node_exporter's textfile collector.
    case text

    /// Of an HTTP answer.
    var contentType: String {
        switch self {
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        }
    }

    /// All families; those without samples are left out.
    func text(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty {
            let sample = family.name + (family.kind == .counter ? "_total" : "")
            // In the older format the type is that of the samples' name.
            let name = self == .text ? sample : family.name
            text += "# HELP \(name) \(Self.escaped(family.help, quotes: self == .openMetrics))\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            if self == .openMetrics && !family.unit.isEmpty { text += "# UNIT \(name) \(family.unit)\n" }
            for each in family.samples {
                let labels = each.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
                text += sample + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(each.value)\n"
            }
        }
        return self == .openMetrics ? text + "# EOF\n" : text
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.append(character)
            }
        }
    }
}
