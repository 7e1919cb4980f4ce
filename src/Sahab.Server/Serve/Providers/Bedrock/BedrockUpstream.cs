using System.Buffers;
using System.Net.Http.Headers;
using Sahab.Wire.Bedrock;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers.Bedrock;

/// <summary>A deployment at AWS Bedrock: chats by Converse and ConverseStream, embeddings by InvokeModel.</summary>
/// <param name="route">Where it is and how it is reached.</param>
/// <param name="model">The model, its inference profile or its ARN.</param>
/// <param name="defaultMaxTokens">The limit of output tokens where a request sets none.</param>
internal sealed class BedrockUpstream(UpstreamRoute route, BedrockModel model, int defaultMaxTokens) : IUpstream
{
    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly Uri _converse = new(route.BaseUrl, model.PathTo("converse"));
    readonly Uri _stream = new(route.BaseUrl, model.PathTo("converse-stream"));
    readonly BedrockEmbeddings _embeddings = new(route, new Uri(route.BaseUrl, model.PathTo("invoke")));

    public Uri Address => _converse;

    public string? ErrorTypeHeader => BedrockErrors.TypeHeader;

    public IAnswerTranslation? TranslationOf(ApiOperation operation) =>
        operation == ApiOperation.Embeddings ? EmbeddingAnswers.Instance : ConverseAnswers.Instance;

    public ValueTask<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken cancellation)
    {
        switch (call.Operation)
        {
            case ApiOperation.ChatCompletions:
                var address = call.Facts.Stream ? _stream : _converse;
                return route.SendAsync(address, Translate(call.Body), call, cancellation);
            case ApiOperation.Embeddings:
                return EmbeddingRequests.TryWrite(call.Body, model, out var bodies, out var fault)
                    ? _embeddings.SendAsync(bodies, call, cancellation)
                    : throw new UntranslatableException(fault);
            default:
                throw new UntranslatableException(new RequestFault(
                    "A plain completion cannot be expressed in the protocol of bedrock. Ask for a chat completion, or "
                    + "for a model that is served by a cloud which knows it.", "prompt", "unsupported_parameter"));
        }
    }

    public static HttpContent ContentOf(ReadOnlyMemory<byte> body) =>
        new ReadOnlyMemoryContent(body) { Headers = { ContentType = Json } };

    HttpContent Translate(ReadOnlyMemory<byte> body)
    {
        if (!ChatRequest.TryRead(body, out var request, out var fault))
        {
            throw new UntranslatableException(fault);
        }

        using (request)
        {
            var output = new ArrayBufferWriter<byte>(body.Length + 256);
            return ConverseRequestWriter.TryWrite(request!, model, defaultMaxTokens, output, out fault)
                ? ContentOf(output.WrittenMemory)
                : throw new UntranslatableException(fault);
        }
    }
}
