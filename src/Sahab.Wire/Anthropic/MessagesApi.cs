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
    /// <summary>The one there is, since it has no state.</summary>
    public static MessagesApi Instance { get; } = new();

    /// <inheritdoc/>
    public string RequestIdHeader => "request-id";

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        exchange = TryRead(body, isCount: false, output, out MessagesRequest? request, out fault)
            ? new MessagesExchange(terms.CallId, request!)
            : null;
        return exchange is not null;
    }

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId) =>
        MessagesErrors.Write(output, status, told, callId);

    /// <summary>Reads a request and writes it as a chat completion request.</summary>
    /// <param name="isCount">Whether only its tokens are to be counted, so that it needs no limit.</param>
    internal static bool TryRead(
        ReadOnlyMemory<byte> body, bool isCount, IBufferWriter<byte> output, out MessagesRequest? request,
        out RequestFault fault)
    {
        request = null;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
            using var json = new Utf8JsonWriter(output, Options);
            request = MessagesRequestReader.Read(ChatFields.Of(document.RootElement, ""), isCount, json);
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

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };
}

/// <summary>How many tokens a request of the Messages API has, by the gateway's own estimate.</summary>
public sealed class MessagesCountApi : ITokenCountApi
{
    /// <summary>The one there is, since it has no state.</summary>
    public static MessagesCountApi Instance { get; } = new();

    /// <inheritdoc/>
    public string RequestIdHeader => MessagesApi.Instance.RequestIdHeader;

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        exchange = MessagesApi.TryRead(body, isCount: true, output, out MessagesRequest? request, out fault)
            ? new MessagesExchange(terms.CallId, request!)
            : null;
        return exchange is not null;
    }

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId) =>
        MessagesErrors.Write(output, status, told, callId);

    /// <inheritdoc/>
    public void WriteCount(IBufferWriter<byte> output, long tokens)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, tokens);
        json.WriteEndObject();
    }
}
