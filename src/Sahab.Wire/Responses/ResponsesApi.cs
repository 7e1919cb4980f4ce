using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Responses;

/// <summary>OpenAI's Responses API. What a request refers to must have been looked up before.</summary>
/// <param name="context">What it refers to.</param>
public sealed class ResponsesApi(ResponsesContext context) : IClientApi
{
    /// <summary>For requests that refer to nothing.</summary>
    public static ResponsesApi Plain { get; } = new(ResponsesContext.None);

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        exchange = null;
        if (!Utf8.IsValid(body.Span))
        {
            fault = new RequestFault("The body is not valid UTF-8.", null, "invalid_json");
            return false;
        }

        JsonDocument? request = null;
        try
        {
            request = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
            var fields = ChatFields.Of(request.RootElement, "");
            fields.RequiredText("model");
            var input = new ArrayBufferWriter<byte>(256);
            ResponsesInput.Write(input, fields, context, terms.CallId);
            using JsonDocument items = JsonDocument.Parse(input.WrittenMemory);
            ResponsesRequest.Write(output, fields, context, items.RootElement, terms);
            exchange = new ResponsesExchange(request, terms, input.WrittenMemory);
            fault = default;
            return true;
        }
        catch (JsonException wrong)
        {
            fault = new RequestFault($"The body is not valid JSON: {wrong.Message}", null, "invalid_json");
        }
        catch (ChatRequestException wrong)
        {
            fault = wrong.Fault;
        }
        catch (InvalidOperationException)
        {
            // The one thing that JSON allows and no text can hold.
            fault = new RequestFault("The body has an escape of half a character (\\uD800 to \\uDFFF).", null, "invalid_json");
        }

        request?.Dispose();
        return false;
    }

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId) =>
        ErrorWriter.Write(output, told);

    /// <inheritdoc/>
    public void WriteTokenCount(IBufferWriter<byte> output, long tokens)
    {
        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        json.WriteStartObject();
        json.WriteString("object"u8, "response.input_tokens"u8);
        json.WriteNumber("input_tokens"u8, tokens);
        json.WriteEndObject();
    }
}
