using System.Net;
using System.Net.Http.Headers;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Providers.OpenAI;

/// <summary>A request to an OpenAI-compatible deployment: the client's own bytes but for the edits that it needs.</summary>
internal static class OpenAIRequest
{
    static readonly ProductInfoHeaderValue UserAgent = new("sahab", "0.1");

    /// <param name="traceParent">The span that the cloud's own work belongs to, in W3C form; none unless traced.</param>
    public static HttpRequestMessage Create(
        DeploymentTarget target, ApiOperation operation, ReadOnlyMemory<byte> body, in RequestFacts facts, Guid callId,
        string? traceParent)
    {
        var uri = operation switch
        {
            ApiOperation.ChatCompletions => target.ChatCompletions,
            ApiOperation.Completions => target.Completions,
            _ => target.Embeddings,
        };
        var edits = RequestEdits.Plan(
            facts, target.UpstreamModel, wantUsage: true, target.RunningUsage, dropServiceTier: true);
        var request = new HttpRequestMessage(HttpMethod.Post, uri)
        {
            Version = target.HttpVersion,
            VersionPolicy = target.HttpVersionPolicy,
            Content = new EditedContent(body, edits),
        };
        var headers = request.Headers;
        headers.UserAgent.Add(UserAgent);
        headers.TryAddWithoutValidation("X-Client-Request-Id", callId.ToString());
        if (traceParent is not null)
        {
            headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        if (target.Authorization is { } authorization)
        {
            headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return request;
    }

    /// <summary>Writes the body's slices and the inserts between them, without a copy of the whole.</summary>
    sealed class EditedContent : HttpContent
    {
        static readonly MediaTypeHeaderValue Json = new("application/json");

        readonly ReadOnlyMemory<byte> _body;
        readonly RequestEdits _edits;

        public EditedContent(ReadOnlyMemory<byte> body, in RequestEdits edits)
        {
            _body = body;
            _edits = edits;
            Headers.ContentType = Json;
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
