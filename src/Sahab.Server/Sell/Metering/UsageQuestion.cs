using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Sahab.Server.Sell.Metering;

/// <summary>What is wrong with a question, and with which parameter of it.</summary>
internal sealed record UsageFault(string Parameter, string Message);

/// <summary>A question about usage, read from the parameters of a request.</summary>
internal sealed record UsageQuestion
{
    const int DefaultLimit = 100;

    static readonly string[] Dimensions =
        ["tenant", "key", "model", "provider", "region", "country", "deployment", "operation", "service_tier", "hour"];

    static readonly string[] Filters = [.. Dimensions.Where(name => name != "hour")];

    public static IReadOnlyList<string> TotalsParameters { get; } = ["by", "from", "to", "format", .. Filters];

    public static IReadOnlyList<string> EventsParameters { get; } = ["from", "to", "limit", "before", .. Filters];

    public UsageQuery Query { get; init; } = new();

    public IReadOnlyList<UsageDimension> By { get; init; } = [];

    public bool Csv { get; init; }

    public int Limit { get; init; } = DefaultLimit;

    public EventMark? Before { get; init; }

    public static string NameOf(UsageDimension dimension) => Dimensions[(int)dimension];

    /// <summary>Reads the question, or says what is wrong with it.</summary>
    public static UsageQuestion? Read(
        IEnumerable<KeyValuePair<string, StringValues>> parameters, IReadOnlyList<string> known, out UsageFault? fault)
    {
        var question = new UsageQuestion();
        var where = new Dictionary<UsageDimension, string>();
        fault = null;
        foreach (var (name, values) in parameters)
        {
            if (!known.Contains(name))
            {
                fault = new UsageFault(name, $"Unknown parameter '{name}'. Known: {string.Join(", ", known)}.");
                return null;
            }

            if (values.Count != 1 || values[0] is not { Length: > 0 } value)
            {
                fault = new UsageFault(name, $"The parameter '{name}' must be given once, with a value.");
                return null;
            }

            fault = Apply(ref question, where, name, value);
            if (fault is not null)
            {
                return null;
            }
        }

        if (question.Query is { From: { } from, To: { } to } && from >= to)
        {
            fault = new UsageFault("to", "The parameter 'to' must be later than 'from'.");
            return null;
        }

        return question with { Query = question.Query with { Where = where } };
    }

    public static bool TryParseTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParse(
        text,
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out time);

    static UsageFault? Apply(
        ref UsageQuestion question, Dictionary<UsageDimension, string> where, string name, string value)
    {
        switch (name)
        {
            case "from":
                question = question with { Query = question.Query with { From = Time(name, value, out var from) } };
                return from;
            case "to":
                question = question with { Query = question.Query with { To = Time(name, value, out var to) } };
                return to;
            case "by":
                question = question with { By = ParseBy(value, out var by) };
                return by;
            case "format":
                question = question with { Csv = value == "csv" };
                return value is "csv" or "json" ? null : Invalid(name, value, "'json' or 'csv'");
            case "limit":
                var isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit);
                question = question with { Limit = limit };
                return isNumber && limit is >= 1 and <= UsageStore.MaxPage
                    ? null
                    : Invalid(
                        name, value, FormattableString.Invariant($"a whole number from 1 to {UsageStore.MaxPage}"));
            case "before":
                question = question with { Before = EventMark.Parse(value) };
                return question.Before is null
                    ? Invalid(name, value, "the value of 'next' that an earlier page gave")
                    : null;
            default:
                where[(UsageDimension)Array.IndexOf(Dimensions, name)] = value;
                return null;
        }
    }

    static UsageFault Invalid(string name, string value, string valid) =>
        new(name, $"The parameter '{name}' is '{value}'; it must be {valid}.");

    static DateTimeOffset? Time(string name, string value, out UsageFault? fault)
    {
        var isTime = TryParseTime(value, out var time);
        fault = isTime
            ? null
            : Invalid(name, value, "a time in ISO 8601, such as 2026-01-31 or 2026-01-31T12:00:00Z");
        return isTime ? time : null;
    }

    static List<UsageDimension> ParseBy(string value, out UsageFault? fault)
    {
        var by = new List<UsageDimension>();
        fault = null;
        foreach (var name in value.Split(',', StringSplitOptions.TrimEntries))
        {
            var index = Array.IndexOf(Dimensions, name);
            if (index < 0)
            {
                fault = Invalid("by", name, $"one or several of {string.Join(", ", Dimensions)}, joined by commas");
                return by;
            }

            if (!by.Contains((UsageDimension)index))
            {
                by.Add((UsageDimension)index);
            }
        }

        return by;
    }
}
