using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>What one form of OCI's streams makes of their events.</summary>
interface IOciEvents : IDisposable
{
    /// <summary>Takes an event and writes what it says.</summary>
    /// <returns>False where it is not what the protocol allows.</returns>
    bool Take(JsonElement data, IBufferWriter<byte> output);

    /// <summary>Writes what ends a stream.</summary>
    /// <returns>False where something is missing.</returns>
    bool Complete(IBufferWriter<byte> output);
}

/// <summary>
/// Reads OCI's streams line by line: their events may end with one line break where the grammar of event streams wants
/// two, so that each line of data is an event of its own.
/// </summary>
sealed class OciLines(IOciEvents events) : IStreamTranslation
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    byte[] _rest = [];
    int _restLength;
    bool _started;
    bool _ended;
    bool _failed;

    public bool Take(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        while (!_ended && !bytes.IsEmpty)
        {
            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
            {
                return Keep(bytes);
            }

            if (_restLength == 0)
            {
                if (!TakeLine(bytes[..end], output))
                {
                    return false;
                }
            }
            else
            {
                if (!Keep(bytes[..end]))
                {
                    return false;
                }

                int length = _restLength;
                _restLength = 0;
                if (!TakeLine(_rest.AsSpan(0, length), output))
                {
                    return false;
                }
            }

            bytes = bytes[(end + 1)..];
        }

        return true;
    }

    public bool Complete(IBufferWriter<byte> output)
    {
        if (_ended)
        {
            return true;
        }

        // The last line needs no break: only a whole object is one.
        int length = _restLength;
        _restLength = 0;
        return (length == 0 || TakeLine(_rest.AsSpan(0, length), output)) && (_failed || events.Complete(output));
    }

    public void Dispose() => events.Dispose();

    bool TakeLine(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        if (!_started)
        {
            _started = true;
            line = line[SseLine.BomLength(line)..];
        }

        if (!SseLine.TryReadField(line, "data"u8, out int start))
        {
            // A line that is none of the grammar's has lost something.
            return line.IsEmpty || line[0] == (byte)':' || SseLine.TryReadField(line, "event"u8, out _)
                || SseLine.TryReadField(line, "id"u8, out _) || SseLine.TryReadField(line, "retry"u8, out _);
        }

        ReadOnlySpan<byte> data = line[start..].Trim(" \t"u8);
        if (data.IsEmpty)
        {
            return true;
        }

        if (data.SequenceEqual("[DONE]"u8))
        {
            _ended = true;
            return events.Complete(output);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(data.ToArray(), Options);
            if (IsError(document.RootElement))
            {
                _ended = _failed = true;
                ChunkWriter.Error(output, OciErrors.Read(status: 0, data));
                return true;
            }

            return document.RootElement.ValueKind == JsonValueKind.Object && events.Take(document.RootElement, output);
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>No shape is documented for errors in a stream: they have a code and a message in words, or say error.</summary>
    static bool IsError(JsonElement data) => OciJson.Find(data, "error") is not null
        || (OciJson.Find(data, "code") is not null
            && OciJson.Find(data, "message") is { ValueKind: JsonValueKind.String });

    bool Keep(ReadOnlySpan<byte> bytes)
    {
        int needed = _restLength + bytes.Length;
        if (needed > SseScanner.DefaultMaxEventBytes)
        {
            return false;
        }

        if (needed > _rest.Length)
        {
            Array.Resize(ref _rest, Math.Max(needed, _rest.Length * 2));
        }

        bytes.CopyTo(_rest.AsSpan(_restLength));
        _restLength = needed;
        return true;
    }
}
