using System.Globalization;
using System.Text;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>Why a request that is JSON is refused.</summary>
enum RequestRefusal : byte
{
    None = 0,
    NotAnObject,
    Missing,
    Duplicate,
    Empty,
    WrongType,
    WrongElement,
    NotAnInteger,
    TooSmall,
    TooLarge,
    UnknownValue,
    BadModelName,
    OnlyWhenStreaming,
}

/// <summary>The words of a refusal.</summary>
static class RequestFaults
{
    const string Malformed = "invalid_json";

    public static RequestFault NotUtf8(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(body[at..], out _, out int used) == System.Buffers.OperationStatus.Done)
        {
            at += used;
        }

        return new RequestFault(
            $"The body is not valid UTF-8 at {Place(body, at)}. Send the JSON encoded as UTF-8.", null, Malformed);
    }

    public static RequestFault NotJson(ReadOnlySpan<byte> body, JsonFault fault, int at)
    {
        if (body.IsEmpty)
        {
            return new RequestFault("The body is empty. Send a JSON object.", null, Malformed);
        }

        if (body.StartsWith("\uFEFF"u8))
        {
            return new RequestFault(
                "The body begins with a byte order mark, which JSON does not allow. Send it without.", null, Malformed);
        }

        return new RequestFault($"The body is not valid JSON at {Place(body, at)}: {Words(fault)}.", null, Malformed);
    }

    public static RequestFault Describe(ReadOnlySpan<byte> body, RequestRefusal refusal, RequestMember member, int at)
    {
        string path = RequestMembers.PathOf(member);
        return refusal switch
        {
            RequestRefusal.NotAnObject => new RequestFault(
                "The body must be a JSON object, with the request's parameters as its members.", null, "invalid_type"),
            RequestRefusal.Missing => new RequestFault(
                $"Missing required parameter: '{path}'.", path, "missing_required_parameter"),
            RequestRefusal.Duplicate => new RequestFault(
                $"The parameter '{path}' is given more than once, and which one counts differs between servers. "
                + "Give it once.",
                path,
                "duplicate_parameter"),
            RequestRefusal.Empty => new RequestFault(
                $"Invalid '{path}': it is empty. Expected {Expected(member)}.", path, "empty_" + Shape(member)),
            RequestRefusal.WrongType => new RequestFault(
                $"Invalid type for '{path}' at {Place(body, at)}: "
                + $"expected {Expected(member)}, but got {Found(body, at)}.",
                path,
                "invalid_type"),
            RequestRefusal.WrongElement => new RequestFault(
                $"Invalid type for '{path}[{Number(at)}]': expected {Element(member)}.",
                $"{path}[{Number(at)}]",
                "invalid_type"),
            RequestRefusal.NotAnInteger => new RequestFault(
                $"Invalid type for '{path}': expected an integer, but got a number with a fraction or an exponent.",
                path,
                "invalid_type"),
            RequestRefusal.TooSmall => new RequestFault(
                $"Invalid '{path}': integer below minimum value. Expected a value >= {Number(at)}.",
                path,
                "integer_below_min_value"),
            RequestRefusal.TooLarge => new RequestFault(
                $"Invalid '{path}': integer above maximum value. Expected a value <= {Number(at)}.",
                path,
                "integer_above_max_value"),
            RequestRefusal.UnknownValue => new RequestFault(
                $"Invalid value for '{path}'. Supported values are: {Values(member)}.", path, "invalid_value"),
            RequestRefusal.BadModelName => new RequestFault(
                $"Invalid 'model': expected valid Unicode text of at most {Number(RequestFacts.MaxModelBytes)} bytes.",
                path,
                "invalid_value"),
            _ => new RequestFault(
                "The 'stream_options' parameter is only allowed when 'stream' is true. Leave it out, or stream.",
                path,
                "invalid_value"),
        };
    }

    /// <summary>The place of a byte as people and editors count it; columns are in bytes.</summary>
    static string Place(ReadOnlySpan<byte> body, int at)
    {
        ReadOnlySpan<byte> before = body[..Math.Min(at, body.Length)];
        int line = before.Count((byte)'\n') + 1;
        int column = before.Length - before.LastIndexOf((byte)'\n');
        return $"byte {Number(at)} (line {Number(line)}, column {Number(column)})";
    }

    static string Words(JsonFault fault) => fault switch
    {
        JsonFault.EndOfText => "it ends in the middle of a value; was it sent whole?",
        JsonFault.BadLiteral => "expected true, false or null, in small letters",
        JsonFault.BadNumber => "a number must be written like 10, -0.5 or 1e6",
        JsonFault.UnterminatedString => "the string that begins here has no closing quote",
        JsonFault.ControlInString => "a control character in a string must be escaped, a line break as \\n",
        JsonFault.BadEscape => "a backslash in a string must begin one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
        JsonFault.ExpectedName => "expected a member's name in double quotes (no comma may come before a '}')",
        JsonFault.ExpectedColon => "expected ':' after a member's name",
        JsonFault.ExpectedCommaOrEnd => "expected ',' or the end of the object or array",
        JsonFault.TooDeep => $"objects and arrays are nested more than {Number(JsonCursor.MaxDepth)} deep",
        JsonFault.TrailingText => "the object has ended and more text follows",
        _ => "expected a value: an object, an array, a string in double quotes, a number, true, false or null",
    };

    static string Found(ReadOnlySpan<byte> body, int at) => new JsonCursor(body[at..]).Peek() switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "an array",
        JsonKind.String => "a string",
        JsonKind.Number => "a number",
        JsonKind.Null => "null",
        _ => "a boolean",
    };

    static string Expected(RequestMember member) => member switch
    {
        RequestMember.Model => "the model's name as a string",
        RequestMember.Messages => "an array with at least one message",
        RequestMember.Prompt or RequestMember.Input =>
            "a string, or an array of strings, of token ids, or of arrays of token ids",
        RequestMember.Stream or RequestMember.IncludeUsage or RequestMember.RunningUsage or RequestMember.IgnoreEos =>
            "a boolean",
        RequestMember.N or RequestMember.BestOf or RequestMember.MaxTokens or RequestMember.MaxCompletionTokens
            or RequestMember.TopLogprobs => "an integer",
        RequestMember.Logprobs => "a boolean for chat, an integer for completions",
        RequestMember.StreamOptions or RequestMember.ResponseFormat => "an object",
        RequestMember.Tools or RequestMember.Functions or RequestMember.Modalities => "an array",
        _ => "a string",
    };

    static string Element(RequestMember member) => member == RequestMember.Messages
        ? "a message, which is an object"
        : "strings only, token ids only, or arrays of token ids only";

    static string Shape(RequestMember member) => member == RequestMember.Model ? "string" : "array";

    static string Values(RequestMember member) => member == RequestMember.ServiceTier
        ? "'auto', 'default', 'flex', 'priority', 'scale', and 'batch'"
        : "'float' and 'base64'";

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
