using System.Globalization;
using System.Text.RegularExpressions;

namespace Sahab.Server.Tests.Telemetry;

/// <summary>A metric as Prometheus reads it, by a reader of our own that forgives nothing.</summary>
internal sealed partial record MetricFamily(string Name, string Type, List<MetricSeries> Series)
{
    public static Dictionary<string, MetricFamily> ParseAll(string text)
    {
        text.ShouldEndWith("\n");
        var families = new Dictionary<string, MetricFamily>();
        MetricFamily? family = null;
        string? help = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                help = line.Split(' ')[2];
                continue;
            }

            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                words.Length.ShouldBe(4, line);
                words[3].ShouldBeOneOf("counter", "gauge", "histogram");
                (help ?? words[2]).ShouldBe(words[2], "HELP and TYPE must stand together");
                family = new MetricFamily(words[2], words[3], []);
                families.ShouldNotContainKey(family.Name);
                families[family.Name] = family;
                help = null;
                continue;
            }

            family.ShouldNotBeNull("a sample came before its TYPE");
            family.Series.Add(family.ParseSample(line));
        }

        foreach (var histogram in families.Values.Where(one => one.Type == "histogram"))
        {
            histogram.AssertBucketsAreCumulative();
        }

        return families;
    }

    /// <summary>The sum of the series that have all these tags.</summary>
    public double Sum(string suffix = "", params (string Key, string Value)[] tags) => Series
        .Where(series => series.Name == Name + suffix)
        .Where(series => tags.All(tag => series.Tags.GetValueOrDefault(tag.Key) == tag.Value))
        .Sum(series => series.Value);

    MetricSeries ParseSample(string line)
    {
        var match = SampleLine().Match(line);
        match.Success.ShouldBeTrue(line);
        var name = match.Groups["name"].Value;
        var allowed = Type == "histogram" ? new[] { Name + "_bucket", Name + "_sum", Name + "_count" } : [Name];
        name.ShouldBeOneOf(allowed);
        if (Type == "counter")
        {
            name.ShouldEndWith("_total");
        }

        var tags = new Dictionary<string, string>();
        var pairs = match.Groups["key"].Captures.Zip(match.Groups["value"].Captures);
        foreach (var (key, value) in pairs)
        {
            tags.TryAdd(key.Value, Regex.Unescape(value.Value)).ShouldBeTrue($"tag twice: {line}");
        }

        Series.ShouldNotContain(other => other.Name == name && other.Tags.OrderBy(tag => tag.Key)
            .SequenceEqual(tags.OrderBy(tag => tag.Key)), $"series twice: {line}");
        return new MetricSeries(name, tags, double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture));
    }

    void AssertBucketsAreCumulative()
    {
        foreach (var buckets in Series.Where(series => series.Name == Name + "_bucket").GroupBy(TagsButBound))
        {
            var bounds = buckets.Select(series => series.Tags["le"]).ToArray();
            bounds[^1].ShouldBe("+Inf");
            bounds[..^1].Select(bound => double.Parse(bound, CultureInfo.InvariantCulture)).ShouldBeInOrder();
            buckets.Select(series => series.Value).ShouldBeInOrder();
            Series.Single(series => series.Name == Name + "_count" && TagsButBound(series) == buckets.Key)
                .Value.ShouldBe(buckets.Last().Value);
        }
    }

    static string TagsButBound(MetricSeries series) => string.Join(
        ',', series.Tags.Where(tag => tag.Key != "le").OrderBy(tag => tag.Key).Select(tag => $"{tag.Key}={tag.Value}"));

    [GeneratedRegex("""
        ^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?<key>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\\n]|\\["\\n])*)",?)+\})? (?<number>NaN|[+-]Inf|-?[0-9.]+(E[+-]?[0-9]+)?)$
        """)]
    private static partial Regex SampleLine();
}

/// <summary>One line of the text.</summary>
internal sealed record MetricSeries(string Name, Dictionary<string, string> Tags, double Value);
