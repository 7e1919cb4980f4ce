using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Sahab.Server.Hosting.Telemetry;

/// <summary>
/// Prometheus' text form, version 0.0.4, with OpenTelemetry's rules for names: dots become underscores, the unit is
/// spelled out at the end, and what only grows ends in <c>_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Write(StringBuilder text, in Batch<Metric> batch)
    {
        var families = new Dictionary<string, (string Type, List<Metric> Metrics)>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            var type = TypeOf(metric.MetricType);
            var name = NameOf(metric.Name, metric.Unit, type);
            if (!families.TryGetValue(name, out var family))
            {
                families[name] = family = (type, []);
            }

            // Two instruments of one name and different types cannot be told apart by a reader: the first stays.
            if (family.Type == type)
            {
                family.Metrics.Add(metric);
            }
        }

        foreach (var (name, (type, metrics)) in families)
        {
            WriteFamily(text, name, type, metrics);
        }
    }

    /// <summary>The name of a metric as Prometheus has it.</summary>
    public static string NameOf(string name, string unit, string type)
    {
        var result = new StringBuilder(name.Length + 16);
        foreach (var letter in name)
        {
            result.Append(char.IsAsciiLetterOrDigit(letter) || letter == ':' ? letter : '_');
        }

        if (char.IsAsciiDigit(result[0]))
        {
            result.Insert(0, '_');
        }

        AppendOnce(result, UnitOf(unit, type));
        AppendOnce(result, type == "counter" ? "total" : "");
        return result.ToString();
    }

    static void AppendOnce(StringBuilder name, string suffix)
    {
        if (suffix.Length > 0 && !name.ToString().EndsWith("_" + suffix, StringComparison.Ordinal))
        {
            name.Append('_').Append(suffix);
        }
    }

    static string UnitOf(string unit, string type) => unit switch
    {
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        "1" => type == "gauge" ? "ratio" : "",
        _ when unit.EndsWith("/s", StringComparison.Ordinal) => "per_second",
        // An annotation in braces says what is counted, which the name already does.
        _ => "",
    };

    static string TypeOf(MetricType type)
    {
        if (type.IsHistogram())
        {
            return "histogram";
        }

        return type is MetricType.LongSum or MetricType.DoubleSum ? "counter" : "gauge";
    }

    static void WriteFamily(StringBuilder text, string name, string type, List<Metric> metrics)
    {
        if (metrics[0].Description is { Length: > 0 } help)
        {
            text.Append("# HELP ").Append(name).Append(' ');
            AppendEscaped(text, help, quotes: false);
            text.Append('\n');
        }

        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var metric in metrics)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                WritePoint(text, name, metric.MetricType, point);
            }
        }
    }

    static void WritePoint(StringBuilder text, string name, MetricType type, in MetricPoint point)
    {
        if (type.IsHistogram())
        {
            WriteHistogram(text, name, point);
            return;
        }

        var value = type switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
            MetricType.LongGauge => point.GetGaugeLastValueLong(),
            _ => point.GetGaugeLastValueDouble(),
        };
        text.Append(name);
        AppendTags(text, point.Tags, null);
        AppendValue(text, value);
    }

    static void WriteHistogram(StringBuilder text, string name, in MetricPoint point)
    {
        long below = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            text.Append(name).Append("_bucket");
            AppendTags(text, point.Tags, double.IsPositiveInfinity(bucket.ExplicitBound)
                ? "+Inf"
                : bucket.ExplicitBound.ToString(CultureInfo.InvariantCulture));
            AppendValue(text, below);
        }

        text.Append(name).Append("_sum");
        AppendTags(text, point.Tags, null);
        AppendValue(text, point.GetHistogramSum());
        text.Append(name).Append("_count");
        AppendTags(text, point.Tags, null);
        AppendValue(text, below);
    }

    static void AppendTags(StringBuilder text, ReadOnlyTagCollection tags, string? upperBound)
    {
        var separator = '{';
        foreach (var tag in tags)
        {
            text.Append(separator).Append(LabelOf(tag.Key)).Append("=\"");
            AppendEscaped(text, Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "", quotes: true);
            text.Append('"');
            separator = ',';
        }

        if (upperBound is not null)
        {
            text.Append(separator).Append("le=\"").Append(upperBound).Append('"');
            separator = ',';
        }

        text.Append(separator == ',' ? "} " : " ");
    }

    static string LabelOf(string key) => string.Create(key.Length, key, static (label, from) =>
    {
        for (var index = 0; index < label.Length; index++)
        {
            label[index] = char.IsAsciiLetter(from[index]) || (index > 0 && char.IsAsciiDigit(from[index]))
                ? from[index]
                : '_';
        }
    });

    static void AppendValue(StringBuilder text, double value)
    {
        if (double.IsNaN(value))
        {
            text.Append("NaN");
        }
        else if (double.IsInfinity(value))
        {
            text.Append(value > 0 ? "+Inf" : "-Inf");
        }
        else
        {
            text.Append(value.ToString(CultureInfo.InvariantCulture));
        }

        text.Append('\n');
    }

    static void AppendEscaped(StringBuilder text, string value, bool quotes)
    {
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '"' when quotes => text.Append("\\\""),
                _ => text.Append(letter),
            };
        }
    }
}
