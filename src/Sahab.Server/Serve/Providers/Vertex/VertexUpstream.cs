using System.Buffers;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Providers.OpenAI;
using Sahab.Wire.Chat;
using Sahab.Wire.Gemini;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers.Vertex;

/// <summary>
/// A deployment at Google Vertex AI: chat by Gemini's own API or the OpenAI-compatible one, embeddings by Google's own.
/// </summary>
internal sealed class VertexUpstream : IUpstream
{
    static readonly MediaTypeHeaderValue Json = new("application/json");
    static readonly GeminiAnswers ChatAnswers = new();

    readonly UpstreamRoute _route;
    readonly string _model;
    readonly OpenAIUpstream? _openAI;
    readonly Uri _generate;
    readonly Uri _stream;
    readonly Uri _embed;
    readonly GeminiEmbeddingCall _embedding;
    readonly GeminiEmbeddingAnswers _embeddingAnswers;

    /// <param name="route">Its base URL ends with the project and the location, where there is one.</param>
    /// <param name="model">
    /// The model by Google's name, or its path within the location: <c>publishers/…</c>, <c>endpoints/…</c>.
    /// </param>
    public VertexUpstream(UpstreamRoute route, string model, VertexApi api)
    {
        (_route, _model) = (route, model);
        var isPath = model.StartsWith("publishers/", StringComparison.Ordinal)
            || model.StartsWith("endpoints/", StringComparison.Ordinal);
        var path = isPath ? model : $"publishers/google/models/{model}";
        _generate = new Uri(route.BaseUrl, $"{path}:generateContent");
        _stream = new Uri(route.BaseUrl, $"{path}:streamGenerateContent?alt=sse");
        _embedding = GeminiEmbeddingWriter.CallOf(model);
        _embeddingAnswers = new GeminiEmbeddingAnswers(_embedding);
        _embed = new Uri(
            route.BaseUrl, $"{path}:{(_embedding == GeminiEmbeddingCall.Predict ? "predict" : "embedContent")}");
        if (api == VertexApi.OpenAi)
        {
            var name = model.Contains('/', StringComparison.Ordinal) ? model : $"google/{model}";
            _openAI = new OpenAIUpstream(
                route with { BaseUrl = new Uri(route.BaseUrl, "endpoints/openapi/") },
                JsonSerializer.SerializeToUtf8Bytes(name), runningUsage: false, readError: ReadGoogle);
        }
    }

    public Uri Address => _openAI?.Address ?? _generate;

    public string? ErrorTypeHeader => null;

    /// <summary>
    /// The header that says which capacity a request may use: what was bought in advance alone, or the pool that all
    /// share. Left to itself Google takes the first and spills into the second, whose price is another.
    /// </summary>
    public static KeyValuePair<string, string> PoolOf(CapacityKind capacity) =>
        new("X-Vertex-AI-LLM-Request-Type", capacity == CapacityKind.Reserved ? "dedicated" : "shared");

    public IAnswerTranslation? TranslationOf(ApiOperation operation) => operation switch
    {
        ApiOperation.Embeddings => _embeddingAnswers,
        _ => _openAI is null ? ChatAnswers : null,
    };

    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, long? retryAfterMs) =>
        GeminiErrors.Read(status, body);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken cancellation)
    {
        if (call.Operation is not (ApiOperation.ChatCompletions or ApiOperation.Embeddings))
        {
            throw new UntranslatableException(new RequestFault(
                "Google has no plain completions. Use /v1/chat/completions.", null, "unsupported_operation"));
        }

        if (_openAI is not null && call.Operation == ApiOperation.ChatCompletions)
        {
            return await _openAI.SendAsync(call, cancellation);
        }

        var body = new ArrayBufferWriter<byte>(Math.Max(256, call.Body.Length));
        if (Write(call, body) is { } fault)
        {
            throw new UntranslatableException(fault);
        }

        var uri = call.Operation == ApiOperation.Embeddings ? _embed : call.Facts.Stream ? _stream : _generate;
        var content = new ReadOnlyMemoryContent(body.WrittenMemory);
        content.Headers.ContentType = Json;
        return await _route.SendAsync(uri, content, call, cancellation);
    }

    RequestFault? Write(UpstreamCall call, ArrayBufferWriter<byte> output)
    {
        if (call.Operation == ApiOperation.Embeddings)
        {
            return GeminiEmbeddingWriter.Write(call.Body, _embedding, output);
        }

        if (!ChatRequest.TryRead(call.Body, out var request, out var fault))
        {
            return fault;
        }

        using (request)
        {
            return GeminiRequestWriter.Write(request!, _model, output);
        }
    }

    static UpstreamError ReadGoogle(int status, ReadOnlySpan<byte> body, long? retryAfterMs) =>
        GeminiErrors.Read(status, body);
}
