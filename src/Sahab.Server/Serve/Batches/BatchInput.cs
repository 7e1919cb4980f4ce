using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;

namespace Sahab.Server.Serve.Batches;

/// <summary>A request of a batch.</summary>
/// <param name="Number">The line that it stands in, from 1.</param>
/// <param name="CustomId">Its maker's name for it.</param>
/// <param name="Body">The body of the call.</param>
internal sealed record BatchLine(long Number, string CustomId, byte[] Body);

/// <summary>What is wrong with a line of a batch's input.</summary>
internal sealed record BatchFault(string Code, string Message, string? Param, long? Line);

/// <summary>Reads a batch's input line by line, holding one of them in memory.</summary>
/// <param name="endpoint">What every line must call.</param>
/// <param name="maxLineBytes">The longest line.</param>
internal sealed class BatchInput(string endpoint, int maxLineBytes)
{
    /// <summary>Faults that are told of one input.</summary>
    public const int MaxFaults = 100;

    /// <summary>Reads the requests, each or what is wrong with it. Lines without text are passed over.</summary>
    public async IAsyncEnumerable<(BatchLine? Line, BatchFault? Fault)> ReadAsync(Stream content)
    {
        var reader = PipeReader.Create(content, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        long number = 0;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();
                var buffer = read.Buffer;
                while (TryTakeLine(ref buffer, read.IsCompleted, out var line))
                {
                    var bytes = Trim(line.ToArray(), ++number == 1);
                    if (bytes.Length > 0)
                    {
                        yield return bytes.Length > maxLineBytes ? (null, TooLong(number)) : Parse(bytes, number);
                    }
                }

                if (read.IsCompleted)
                {
                    yield break;
                }

                if (buffer.Length > maxLineBytes)
                {
                    yield return (null, TooLong(number + 1));
                    yield break;
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>Looks at a whole input: how many requests it has, and what is wrong with it.</summary>
    public async Task<(long Lines, List<BatchFault> Faults)> CheckAsync(Stream content, long maxLines)
    {
        var faults = new List<BatchFault>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        long lines = 0;
        await foreach (var (line, fault) in ReadAsync(content))
        {
            if ((fault ?? (known.Add(line!.CustomId) ? null : Duplicate(line))) is { } wrong)
            {
                faults.Add(wrong);
            }

            if (++lines > maxLines)
            {
                faults.Add(new BatchFault(
                    "too_many_requests", $"A batch may have {maxLines} requests. Make several of it.", null, lines));
            }

            if (faults.Count >= MaxFaults || lines > maxLines)
            {
                return (lines, faults);
            }
        }

        if (lines == 0)
        {
            faults.Add(new BatchFault("empty_file", "The input file has no request.", null, null));
        }

        return (lines, faults);
    }

    static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isEnd, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        line = buffer;
        buffer = buffer.Slice(buffer.End);
        if (isEnd && line.Length > 0)
        {
            return true;
        }

        buffer = line;
        return false;
    }

    /// <summary>Without blanks around, and without the mark that some editors begin a file with.</summary>
    static byte[] Trim(byte[] line, bool isFirst)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        var text = isFirst && line.AsSpan().StartsWith(mark) ? line.AsSpan(mark.Length) : line;
        return text.Trim(" \t\r"u8).ToArray();
    }

    (BatchLine? Line, BatchFault? Fault) Parse(byte[] bytes, long number)
    {
        try
        {
            if (!Utf8.IsValid(bytes))
            {
                return (null, new BatchFault("invalid_json_line", "The line is not valid UTF-8.", null, number));
            }

            using var document = JsonDocument.Parse(bytes);
            return Read(document.RootElement, number);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return (null, new BatchFault(
                "invalid_json_line", $"The line is not a JSON object: {wrong.Message}", null, number));
        }
    }

    (BatchLine? Line, BatchFault? Fault) Read(JsonElement request, long number)
    {
        if (request.ValueKind != JsonValueKind.Object)
        {
            return (null, new BatchFault("invalid_json_line", "The line is not a JSON object.", null, number));
        }

        string? customId = Text(request, "custom_id"u8);
        if (string.IsNullOrEmpty(customId))
        {
            return (null, Missing("custom_id", number));
        }

        if (Text(request, "method"u8) is not "POST")
        {
            return (null, new BatchFault("invalid_method", "'method' must be 'POST'.", "method", number));
        }

        if (Text(request, "url"u8) != endpoint)
        {
            return (null, new BatchFault(
                "invalid_url", $"'url' must be '{endpoint}', as the batch's endpoint is.", "url", number));
        }

        if (!request.TryGetProperty("body"u8, out var body) || body.ValueKind != JsonValueKind.Object)
        {
            return (null, Missing("body", number));
        }

        if (Text(body, "model"u8) is null)
        {
            return (null, Missing("body.model", number));
        }

        return body.TryGetProperty("stream"u8, out var stream) && stream.ValueKind == JsonValueKind.True
            ? (null, new BatchFault(
                "unsupported_parameter", "An answer is not streamed into a file. Leave 'stream' out.", "body.stream", number))
            : (new BatchLine(number, customId, JsonSerializer.SerializeToUtf8Bytes(body)), null);
    }

    static string? Text(JsonElement owner, ReadOnlySpan<byte> member) =>
        owner.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static BatchFault Missing(string param, long number) =>
        new("missing_required_parameter", $"'{param}' is missing.", param, number);

    static BatchFault Duplicate(BatchLine line) => new(
        "duplicate_custom_id", $"'{line.CustomId}' stands in an earlier line already.", "custom_id", line.Number);

    BatchFault TooLong(long number) => new(
        "line_too_long", $"The line is longer than {maxLineBytes} bytes.", null, number);
}
