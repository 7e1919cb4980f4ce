using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Reads an error out of whatever a provider sent: the OpenAI form, vLLM's and llama.cpp's with numbers for codes,
/// Ollama's string, FastAPI's <c>detail</c>, Google's, in an array or not, plain text, a page of HTML, or nothing.
/// </summary>
public static class ErrorReader
{
    /// <summary>Bytes of a body that are read as JSON; a longer one is taken for text.</summary>
    public const int MaxJsonBytes = 256 * 1024;

    static readonly JsonReaderOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    /// <summary>Reads an error.</summary>
    /// <param name="status">
    /// The HTTP status of the reply; 0 when the error came inside a reply that had begun well.
    /// </param>
    /// <param name="body">The body, or the data of the event.</param>
    /// <param name="secrets">
    /// What the provider was sent to prove who we are, which does not come through whatever it looks like; null for
    /// nothing.
    /// </param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body, IReadOnlyList<string>? secrets = null)
    {
        ReadOnlySpan<byte> text = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        text = text.Trim(" \t\r\n\0"u8);
        if (!Utf8.IsValid(text))
        {
            // Mend it, since the reader of documents throws on bytes that are no text.
            text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxJsonBytes)]));
        }

        UpstreamError error = default;
        if (!text.IsEmpty && text[0] is (byte)'{' or (byte)'[' or (byte)'"' && text.Length <= MaxJsonBytes)
        {
            error = ReadJson(text);
        }

        string message = error.Message.Length > 0 ? error.Message : ErrorText.FirstLine(text);
        return error with
        {
            Message = ErrorText.Clean(
                message.Length > 0 ? message : Wordless(status), UpstreamError.MaxMessageLength, secrets),
            Type = Word(error.Type, secrets),
            Code = Word(error.Code, secrets),
            Param = Word(error.Param, secrets),
        };
    }

    static string Wordless(int status) => status == 0
        ? "The provider reported an error and did not say which."
        : $"The provider answered with status {status.ToString(CultureInfo.InvariantCulture)} and said nothing more.";

    static string? Word(string? word, IReadOnlyList<string>? secrets) =>
        string.IsNullOrEmpty(word) ? null : ErrorText.Clean(word, UpstreamError.MaxWordLength, secrets);

    static UpstreamError ReadJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, Options);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
            {
                root = root[0];
            }

            return root.ValueKind switch
            {
                JsonValueKind.Object => ReadObject(root),
                JsonValueKind.String => new UpstreamError { Message = Text(root) },
                _ => default,
            };
        }
        catch (JsonException)
        {
            return default;
        }
    }

    static UpstreamError ReadObject(JsonElement root)
    {
        if (root.TryGetProperty("error", out JsonElement error))
        {
            if (error.ValueKind == JsonValueKind.Object)
            {
                return ReadMembers(error);
            }

            if (error.ValueKind == JsonValueKind.String)
            {
                UpstreamError flat = ReadMembers(root);
                return flat with { Message = flat.Message.Length > 0 ? flat.Message : Text(error) };
            }
        }

        if (root.TryGetProperty("detail", out JsonElement detail))
        {
            return detail.ValueKind switch
            {
                JsonValueKind.Object => ReadMembers(detail),
                JsonValueKind.Array => ReadDetails(detail),
                _ => new UpstreamError { Message = Text(detail) },
            };
        }

        return ReadMembers(root);
    }

    static UpstreamError ReadMembers(JsonElement members)
    {
        string? code = Member(members, "code");
        string? status = Member(members, "status");

        // Google writes the status twice: a number as the code and its name as the status. The name says more.
        bool isGoogle = status is not null && members.GetProperty("status").ValueKind == JsonValueKind.String
            && int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        return new UpstreamError
        {
            Message = Member(members, "message") ?? Member(members, "Message") ?? Member(members, "msg"),
            Type = Member(members, "type"),
            Code = isGoogle ? status : code,
            Param = Member(members, "param"),
        };
    }

    /// <summary>What FastAPI says of each member that it refuses: where it is, and why.</summary>
    static UpstreamError ReadDetails(JsonElement details)
    {
        var message = new StringBuilder();
        string? first = null;
        foreach (JsonElement detail in details.EnumerateArray())
        {
            if (message.Length > UpstreamError.MaxMessageLength)
            {
                break;
            }

            string? path = null;
            string? words = detail.ValueKind == JsonValueKind.Object ? Member(detail, "msg") : Text(detail);
            if (detail.ValueKind == JsonValueKind.Object && detail.TryGetProperty("loc", out JsonElement place)
                && place.ValueKind == JsonValueKind.Array)
            {
                path = string.Join('.', place.EnumerateArray().Select(Text).Where(part => part != "body"));
            }

            first ??= path;
            message.Append(message.Length > 0 ? "; " : "")
                .Append(path)
                .Append(string.IsNullOrEmpty(path) ? "" : ": ")
                .Append(words);
        }

        return new UpstreamError { Message = message.ToString(), Param = first };
    }

    static string? Member(JsonElement members, string name) =>
        members.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? Text(value)
            : null;

    static string Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            // A string with half a surrogate pair is still worth reading.
            return value.GetRawText();
        }
    }
}
