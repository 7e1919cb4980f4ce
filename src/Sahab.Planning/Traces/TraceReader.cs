using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Sahab.Planning.Traces;

/// <summary>
/// Reads request traces in the form of the Azure LLM inference traces: CSV with a header that names TIMESTAMP,
/// ContextTokens and GeneratedTokens, in any order and among other columns; plain or gzip. Holds one line at a time.
/// </summary>
public static class TraceReader
{
    /// <summary>The longest line in characters, so that a file that is no text does not fill the memory.</summary>
    const int MaxLineLength = 4096;

    /// <summary>The most tokens that a request may have on either side.</summary>
    const int MaxTokens = 10_000_000;

    static readonly TimeSpan MaxLength = TimeSpan.FromDays(366);

    static readonly string[] ColumnNames = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

    /// <summary>The requests in the order of the file, which is that of their times.</summary>
    /// <param name="file">The path of the trace.</param>
    /// <exception cref="TraceException">While it is read: the file or a line of it is not valid.</exception>
    public static IEnumerable<TraceRequest> Read(string file)
    {
        using var text = Open(file);
        long number = 1;
        if (ReadLine(text, file, number) is not { } header)
        {
            throw new TraceException($"{file}: the file is empty. Its first line would be {Header}.");
        }

        var columns = FindColumns(file, header);
        DateTimeOffset? first = null;
        var last = TimeSpan.Zero;
        while (ReadLine(text, file, ++number) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var fields = line.Split(',');
            if (fields.Length <= columns.Max())
            {
                throw Fault(file, number, $"{fields.Length} fields where the header promises more");
            }

            var time = ParseTime(file, number, fields[columns[0]]);
            first ??= time;
            var at = time - first.Value;
            if (at < last || at > MaxLength)
            {
                throw Fault(
                    file, number, $"the time {fields[columns[0]].Trim()} is "
                    + (at < last ? "before that of the request above it" : "more than a year after the first"));
            }

            last = at;
            yield return new TraceRequest(
                at,
                ParseTokens(file, number, ColumnNames[1], fields[columns[1]]),
                ParseTokens(file, number, ColumnNames[2], fields[columns[2]]));
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

    static string Header => string.Join(',', ColumnNames);

    static StreamReader Open(string file)
    {
        try
        {
            var bytes = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            // By what it holds, not by its name.
            var isGzip = bytes.ReadByte() == 0x1f && bytes.ReadByte() == 0x8b;
            bytes.Position = 0;
            return new StreamReader(
                isGzip ? new GZipStream(bytes, CompressionMode.Decompress) : bytes, Encoding.UTF8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TraceException(error.Message);
        }
    }

    static string? ReadLine(StreamReader text, string file, long number)
    {
        try
        {
            var line = new StringBuilder();
            for (var next = text.Read(); next >= 0; next = text.Read())
            {
                if (next == '\n')
                {
                    return line.ToString().TrimEnd('\r');
                }

                if (line.Length == MaxLineLength)
                {
                    throw Fault(file, number, $"the line has more than {MaxLineLength} characters; is this a trace?");
                }

                line.Append((char)next);
            }

            return line.Length > 0 ? line.ToString().TrimEnd('\r') : null;
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw Fault(file, number, error.Message);
        }
    }

    static int[] FindColumns(string file, string header)
    {
        var names = Array.ConvertAll(header.Split(','), Unquote);
        var columns = Array.ConvertAll(
            ColumnNames, name => Array.FindIndex(names, n => n.Equals(name, StringComparison.OrdinalIgnoreCase)));
        var missing = Array.IndexOf(columns, -1);
        return missing < 0
            ? columns
            : throw Fault(
                file, 1, $"the header names no column {ColumnNames[missing]}. It would be, for example, {Header}");
    }

    static DateTimeOffset ParseTime(string file, long number, string field) =>
        DateTimeOffset.TryParse(
            Unquote(field), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw Fault(
                file, number, $"'{Unquote(field)}' is not a time, such as 2023-11-16 18:15:46.6805900 (UTC)");

    static int ParseTokens(string file, long number, string column, string field) =>
        int.TryParse(Unquote(field), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)
        && tokens is >= 1 and <= MaxTokens
            ? tokens
            : throw Fault(
                file, number, $"{column} is '{Unquote(field)}', which is not a whole number from 1 to {MaxTokens}");

    static string Unquote(string field) => field.Trim().Trim('"');

    static TraceException Fault(string file, long number, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{file}:{number}: {what}."));
}
