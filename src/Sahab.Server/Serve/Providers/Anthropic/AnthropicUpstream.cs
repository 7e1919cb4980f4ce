using System.Buffers;
using System.Net.Http.Headers;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers.Anthropic;

/// <summary>A deployment that speaks Anthropic's Messages API.</summary>
/// <param name="route">Where it is and how it is reached.</param>
/// <param name="terms">How requests to it are written.</param>
internal sealed class AnthropicUpstream(UpstreamRoute route, AnthropicRequestTerms terms) : IUpstream
{
    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly UpstreamRoute _route = route with
    {
        Headers = [.. route.Headers, KeyValuePair.Create("anthropic-version", terms.Version)],
    };

    public Uri Address { get; } = new(route.BaseUrl, "messages");

    public string? ErrorTypeHeader => null;

    public IAnswerTranslation TranslationOf(ApiOperation operation) => AnthropicAnswers.Instance;

    public ValueTask<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken cancellation)
    {
        var content = new ReadOnlyMemoryContent(Translate(call)) { Headers = { ContentType = Json } };
        return _route.SendAsync(Address, content, call, cancellation);
    }

    ReadOnlyMemory<byte> Translate(UpstreamCall call)
    {
        if (call.Operation != ApiOperation.ChatCompletions)
        {
            throw new UntranslatableException(new RequestFault(
                "Anthropic has chat completions only.", null, "operation_not_supported"));
        }

        if (!ChatRequest.TryRead(call.Body, out var request, out var fault))
        {
            throw new UntranslatableException(fault);
        }

        using (request)
        {
            var body = new ArrayBufferWriter<byte>(call.Body.Length + 256);
            return AnthropicRequestWriter.TryWrite(request!, terms, body, out fault)
                ? body.WrittenMemory
                : throw new UntranslatableException(fault);
        }
    }
}
