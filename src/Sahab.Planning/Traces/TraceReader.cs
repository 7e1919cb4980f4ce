using System.Globalization;
using System.Text.Json;

namespace Sahab.Planning.Traces;

/// <summary>
/// Reads request traces, plain or gzip, whose form shows in their first line; holds one line at a time.
/// <list type="bullet">
/// <item>CSV with a header, among other columns and in any order: TIMESTAMP, ContextTokens and GeneratedTokens, as in the
/// Azure LLM inference traces, or timestamp, input_tokens and output_tokens, as ServeGen writes what it generates. Times
/// are dates or seconds.</item>
/// <item>Lines of JSON with timestamp (milliseconds), input_length, output_length and perhaps hash_ids, the ids of the
/// prompt's blocks of 512 tokens, as in the Mooncake traces.</item>
/// </list>
/// </summary>
public static class TraceReader
{
    /// <summary>Tokens of a prompt for each id of a block.</summary>
    public const int BlockTokens = 512;

    /// <summary>The most tokens that a request may have on either side.</summary>
    const int MaxTokens = 10_000_000;

    const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    static readonly TimeSpan MaxLength = TimeSpan.FromDays(366);

    static readonly string[][] ColumnNames =
        [["TIMESTAMP"], ["ContextTokens", "input_tokens"], ["GeneratedTokens", "output_tokens"]];

    /// <summary>The requests in the order of the file, which is that of their times.</summary>
    /// <param name="file">The path of the trace.</param>
    /// <exception cref="TraceException">While it is read: the file or a line of it is not valid.</exception>
    public static IEnumerable<TraceRequest> Read(string file)
    {
        using var text = new TraceText(file);
        if (text.Next() is not { } line)
        {
            throw new TraceException(
                $"{file}: the file is empty. Its first line would be {Header}, or an object of JSON.");
        }

        var isJson = line.TrimStart().StartsWith('{');
        var columns = isJson ? [] : FindColumns(text, line);
        TimeSpan? first = null;
        var last = TimeSpan.Zero;
        for (var next = isJson ? line : text.Next(); next is not null; next = text.Next())
        {
            var request = isJson ? ParseJson(text, next) : ParseFields(text, columns, next);
            first ??= request.At;
            var at = request.At - first.Value;
            if (at < last || at > MaxLength)
            {
                throw text.Fault("the time is " + (at < last
                    ? "before that of the request above it"
                    : "more than a year after the first"));
            }

            last = at;
            yield return request with { At = at };
        }

        if (first is null)
        {
            throw new TraceException($"{file}: there are no requests below the header.");
        }
    }

    /// <summary>Reads the trace, or its first requests, so that what is wrong shows before a call is made.</summary>
    /// <param name="file">The path of the trace.</param>
    /// <param name="limit">Only so many requests; null: all.</param>
    /// <exception cref="TraceException">The file or a line of it is not valid.</exception>
    public static TraceSummary Measure(string file, long? limit)
    {
        var summary = default(TraceSummary);
        foreach (var request in Read(file))
        {
            if (summary.Requests == limit)
            {
                break;
            }

            summary = new TraceSummary(
                summary.Requests + 1, request.At, summary.ContextTokens + request.ContextTokens,
                summary.GeneratedTokens + request.GeneratedTokens);
        }

        return summary;
    }

    static int[] FindColumns(TraceText text, string header)
    {
        var names = Array.ConvertAll(header.Split(','), Unquote);
        var columns = Array.ConvertAll(ColumnNames, any => Array.FindIndex(
            names, name => any.Contains(name, StringComparer.OrdinalIgnoreCase)));
        var missing = Array.IndexOf(columns, -1);
        return missing < 0 ? columns : throw text.Fault(
            $"the header names no column {string.Join(" or ", ColumnNames[missing])}. "
            + $"It would be, for example, {Header}");
    }

    static TraceRequest ParseFields(TraceText text, int[] columns, string line)
    {
        var fields = line.Split(',');
        if (fields.Length <= columns.Max())
        {
            throw text.Fault($"{fields.Length} fields where the header promises more");
        }

        return new TraceRequest(
            ParseTime(text, Unquote(fields[columns[0]])),
            ParseTokens(text, ColumnNames[1][0], Unquote(fields[columns[1]])),
            ParseTokens(text, ColumnNames[2][0], Unquote(fields[columns[2]])));
    }

    // Seconds count from an origin of their own, dates from the calendar's: only differences are told.
    static TimeSpan ParseTime(TraceText text, string field)
    {
        if (double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(seconds) <= TimeSpan.MaxValue.TotalSeconds / 2)
        {
            return TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
        }

        return DateTimeOffset.TryParse(
            field, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? TimeSpan.FromTicks(time.UtcTicks)
            : throw text.Fault(
                $"'{field}' is not a time, such as 2023-11-16 18:15:46.6805900 (UTC), nor seconds, such as 12.5");
    }

    static int ParseTokens(TraceText text, string column, string field) =>
        int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)
        && tokens is >= 1 and <= MaxTokens
            ? tokens
            : throw text.Fault(
                $"{column} is '{field}', which is not a whole number from 1 to {MaxTokens}");

    static TraceRequest ParseJson(TraceText text, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var at = Number(text, json.RootElement, "timestamp", 0, (long)MaxLength.TotalMilliseconds * 200);
            return new TraceRequest(
                TimeSpan.FromTicks((long)(at * TimeSpan.TicksPerMillisecond)),
                (int)Number(text, json.RootElement, "input_length", 1, MaxTokens),
                (int)Number(text, json.RootElement, "output_length", 1, MaxTokens))
            {
                Blocks = BlocksOf(text, json.RootElement),
            };
        }
        catch (JsonException error)
        {
            throw text.Fault($"this is no JSON: {error.Message.TrimEnd('.')}");
        }
    }

    static double Number(TraceText text, JsonElement line, string name, long least, long most) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
        && number >= least && number <= most && (name == "timestamp" || number == Math.Floor(number))
            ? number
            : throw text.Fault(
                $"{name} is not there or is no number from {least} to {most}; it would be, for example, "
                + "{\"timestamp\": 27482, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, 47]}");

    static long[]? BlocksOf(TraceText text, JsonElement line)
    {
        if (!line.TryGetProperty("hash_ids", out var ids) || ids.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (ids.ValueKind != JsonValueKind.Array)
        {
            throw text.Fault("hash_ids is no list of whole numbers");
        }

        var blocks = new long[ids.GetArrayLength()];
        for (var i = 0; i < blocks.Length; i++)
        {
            if (ids[i].ValueKind != JsonValueKind.Number || !ids[i].TryGetInt64(out blocks[i]))
            {
                throw text.Fault($"hash_ids has '{ids[i]}', which is no whole number");
            }
        }

        return blocks;
    }

    static string Unquote(string field) => field.Trim().Trim('"');
}
