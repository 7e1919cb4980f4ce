using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Anthropic;

/// <summary>Anthropic's Messages API as the front door offers it, whatever cloud answers.</summary>
public sealed class MessagesApi : IClientApi
{
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    readonly bool _counts;

    MessagesApi(bool counts) => _counts = counts;

    /// <summary><c>/v1/messages</c>.</summary>
    public static MessagesApi Messages { get; } = new(counts: false);

    /// <summary><c>/v1/messages/count_tokens</c>: a request of the same form that needs no limit of tokens.</summary>
    public static MessagesApi TokenCount { get; } = new(counts: true);

    /// <inheritdoc/>
    public string RequestIdHeader => "request-id";

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        exchange = TryRead(body, output, out MessagesRequest? request, out fault)
            ? new MessagesExchange(terms.CallId, request!)
            : null;
        return exchange is not null;
    }

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId) =>
        MessagesErrors.Write(output, status, told, callId);

    /// <inheritdoc/>
    public void WriteTokenCount(IBufferWriter<byte> output, long tokens)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, tokens);
        json.WriteEndObject();
    }

    bool TryRead(
        ReadOnlyMemory<byte> body, IBufferWriter<byte> output, out MessagesRequest? request, out RequestFault fault)
    {
        request = null;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
            using var json = new Utf8JsonWriter(output, Options);
            request = MessagesRequestReader.Read(ChatFields.Of(document.RootElement, ""), _counts, json);
            fault = default;
            return true;
        }
        catch (JsonException wrong)
        {
            fault = new RequestFault($"The body is not valid JSON: {wrong.Message}", null, "invalid_json");
        }
        catch (InvalidOperationException)
        {
            fault = new RequestFault("A string of the body is not valid Unicode.", null, "invalid_json");
        }
        catch (ChatRequestException wrong)
        {
            fault = wrong.Fault;
        }

        return false;
    }
}
