using System.Buffers;
using System.Net.Http.Headers;
using Sahab.Server.Hosting.Configuration;
using Sahab.Wire.Chat;
using Sahab.Wire.Oci;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers.Oci;

/// <summary>A deployment that speaks OCI Generative AI's own API, in its generic form or Cohere's.</summary>
internal sealed class OciUpstream(UpstreamRoute route, OciServing serving, OciApi api) : IUpstream
{
    static readonly MediaTypeHeaderValue Json = new("application/json");
    static readonly OciEmbeddings Embeddings = new();
    static readonly OciGenericAnswers Generic = new();
    static readonly OciCohereAnswers Cohere = new();

    readonly Uri _chat = new(route.BaseUrl, "actions/chat");
    readonly Uri _embedText = new(route.BaseUrl, "actions/embedText");

    public Uri Address => _chat;

    public string? ErrorTypeHeader => null;

    public IAnswerTranslation? TranslationOf(ApiOperation operation) => operation switch
    {
        ApiOperation.Embeddings => Embeddings,
        _ => api == OciApi.Cohere ? Cohere : Generic,
    };

    public async ValueTask<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken cancellation)
    {
        var body = new ArrayBufferWriter<byte>(call.Body.Length + 512);
        if (Write(call, body) is { } fault)
        {
            throw new UntranslatableException(fault);
        }

        var content = new ReadOnlyMemoryContent(body.WrittenMemory) { Headers = { ContentType = Json } };
        var uri = call.Operation == ApiOperation.Embeddings ? _embedText : _chat;
        return await route.SendAsync(uri, content, call, cancellation);
    }

    RequestFault? Write(in UpstreamCall call, ArrayBufferWriter<byte> body)
    {
        switch (call.Operation)
        {
            case ApiOperation.Embeddings:
                return OciEmbeddings.Write(call.Body, serving, body);
            case ApiOperation.ChatCompletions:
                if (!ChatRequest.TryRead(call.Body, out var request, out var fault))
                {
                    return fault;
                }

                using (request)
                {
                    return api == OciApi.Cohere
                        ? OciCohereRequest.Write(request!, serving, body)
                        : OciGenericRequest.Write(request!, serving, body);
                }

            default:
                return new RequestFault(
                    "OCI Generative AI has no completions without chat.", null, "unsupported_operation");
        }
    }
}
