using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers.OpenAI;

/// <summary>
/// A deployment that speaks OpenAI's protocol: it gets the client's own bytes but for the edits that it needs, and its
/// answers go back as they come.
/// </summary>
/// <param name="route">Where it is and how it is reached.</param>
/// <param name="upstreamModel">The provider's name for the model, as a JSON string in UTF-8.</param>
/// <param name="runningUsage">Whether to ask for the usage with every chunk.</param>
/// <param name="query">What follows the path of every request, with its question mark; mostly nothing.</param>
/// <param name="readError">Reads the errors of a cloud that means something of its own by them; none for most.</param>
internal sealed class OpenAIUpstream(
    UpstreamRoute route, byte[] upstreamModel, bool runningUsage, string query = "", ErrorReading? readError = null)
    : IUpstream
{
    readonly Uri _chatCompletions = new(route.BaseUrl, "chat/completions" + query);
    readonly Uri _completions = new(route.BaseUrl, "completions" + query);
    readonly Uri _embeddings = new(route.BaseUrl, "embeddings" + query);
    readonly byte[] _plainModel = Encoding.UTF8.GetBytes(JsonSerializer.Deserialize<string>(upstreamModel)!);

    public Uri Address => _chatCompletions;

    public string? ErrorTypeHeader => null;

    public IAnswerTranslation? TranslationOf(ApiOperation operation) => null;

    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, long? retryAfterMs) =>
        readError?.Invoke(status, body, retryAfterMs) ?? ErrorReader.Read(status, body);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<HttpResponseMessage> SendAsync(UpstreamCall call, CancellationToken cancellation)
    {
        if (call.Operation.IsPassThrough())
        {
            return await PassThroughAsync(call, cancellation);
        }

        call = call.IsTranslated ? WithoutForeignMembers(call) : call;
        var edits = RequestEdits.Plan(
            call.Facts, upstreamModel, wantUsage: true, runningUsage, dropServiceTier: true);
        var uri = call.Operation switch
        {
            ApiOperation.ChatCompletions => _chatCompletions,
            ApiOperation.Completions => _completions,
            _ => _embeddings,
        };
        return await route.SendAsync(uri, new EditedContent(call.Body, edits), call, cancellation);
    }

    ValueTask<HttpResponseMessage> PassThroughAsync(in UpstreamCall call, CancellationToken cancellation)
    {
        var body = call.Body.Span;
        var edits = PassThroughEdits.Plan(body, call.Facts, upstreamModel, _plainModel);
        var path = call.Operation switch
        {
            ApiOperation.Moderations => "moderations",
            ApiOperation.ImageGenerations => "images/generations",
            ApiOperation.ImageEdits => "images/edits",
            ApiOperation.ImageVariations => "images/variations",
            ApiOperation.Transcriptions => "audio/transcriptions",
            ApiOperation.Translations => "audio/translations",
            ApiOperation.Speech => "audio/speech",
            _ => throw new ArgumentOutOfRangeException(nameof(call)),
        };
        var content = new EditedContent(call.Body, edits);
        if (call.Facts.IsForm)
        {
            var boundary = Encoding.ASCII.GetString(PassThroughEdits.BoundaryOf(body, call.Facts));
            content.Headers.Remove("Content-Type");
            content.Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary=\"{boundary}\"");
        }

        return route.SendAsync(new Uri(route.BaseUrl, path + query), content, call, cancellation);
    }

    static UpstreamCall WithoutForeignMembers(UpstreamCall call)
    {
        var stripped = new ArrayBufferWriter<byte>();
        return ForeignMembers.TryStrip(call.Body, stripped)
            && RequestScanner.TryScan(stripped.WrittenSpan, call.Operation, out var facts, out _)
            ? call with { Body = stripped.WrittenMemory, Facts = facts }
            : call;
    }

    /// <summary>Writes the body's slices and the inserts between them, without a copy of the whole.</summary>
    sealed class EditedContent : HttpContent
    {
        readonly ReadOnlyMemory<byte> _body;
        readonly RequestEdits _edits;

        public EditedContent(ReadOnlyMemory<byte> body, in RequestEdits edits)
        {
            _body = body;
            _edits = edits;
            Headers.TryAddWithoutValidation("Content-Type", "application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var segment in _edits.Segments(_body))
            {
                await stream.WriteAsync(segment, cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _edits.ContentLength(_body.Length);
            return true;
        }
    }
}
