using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Batches;

/// <summary>What came of a line.</summary>
/// <param name="Body">The line that goes into the output or error file.</param>
internal sealed record LineResult(bool Succeeded, string Body);

/// <summary>
/// Runs one line as a call of the key that made the batch: through the front door, so that it is admitted, routed and
/// metered as any other, but in this process and in the lowest tier.
/// </summary>
internal sealed class LineRunner(
    FrontDoor door, SnapshotPublisher snapshots, DataRulesShelf shelf, IdSource ids, TimeProvider time)
{
    static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MostPause = TimeSpan.FromSeconds(60);

    /// <summary>Runs the line, again and again while there is no room for it; nothing where it was told to stop.</summary>
    /// <param name="stop">No further try is wanted; one that runs is waited for, since it will be billed.</param>
    /// <param name="stopping">The server stops: a try that runs is given up.</param>
    public async Task<LineResult?> RunAsync(
        Batch batch, BatchLine line, CancellationToken stop, CancellationToken stopping)
    {
        var pause = LeastPause;
        while (!stop.IsCancellationRequested)
        {
            var key = snapshots.Current.Keys.FindById(batch.Tenant, batch.Key);
            if (key is null)
            {
                return new LineResult(
                    false, Error(line.CustomId, "invalid_api_key", "The key that made the batch is no longer good."));
            }

            if (RulesOf(batch) is { KeepsNothing: true })
            {
                // The rules have changed since the batch was made: what would come of the line may not be kept.
                return new LineResult(false, Error(line.CustomId, "content_not_kept", BatchErrors.NothingKept));
            }

            var context = await CallAsync(batch.Endpoint, key, line.Body, stopping);
            var body = (MemoryStream)context.Response.Body;
            if (body.Length == 0)
            {
                // Nobody answered: the call was given up as the server stopped.
                continue;
            }

            if (!IsWorthAnotherTry(context.Response.StatusCode))
            {
                return new LineResult(
                    context.Response.StatusCode == StatusCodes.Status200OK, Answer(line.CustomId, context, body));
            }

            var asked = RetryAfterOf(context);
            await Task.Delay(asked > pause ? asked : pause, time, stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < MostPause ? pause * 2 : MostPause;
        }

        return null;
    }

    /// <summary>The rules that bind what comes of a batch; null: none does.</summary>
    public DataRules? RulesOf(Batch batch) => shelf.For(
        batch.Tenant, batch.Project, batch.Key, snapshots.Current.Keys.Recall(batch.Tenant, batch.Key)?.Data);

    /// <summary>The line of the error file that says why there is no answer.</summary>
    public string Error(string customId, string code, string message) => JsonSerializer.Serialize(
        new { id = NextId(), custom_id = customId, response = (object?)null, error = new { code, message } });

    /// <summary>What is full or down now need not be so for as long as a batch lasts.</summary>
    static bool IsWorthAnotherTry(int status) =>
        status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable;

    async Task<HttpContext> CallAsync(string endpoint, ApiKey key, byte[] body, CancellationToken stop)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(new LineLifetime { RequestAborted = stop });
        var request = context.Request;
        request.Method = HttpMethods.Post;
        request.Scheme = "batch";
        request.Path = endpoint;
        request.ContentType = "application/json";
        request.ContentLength = body.Length;
        request.Body = new MemoryStream(body, writable: false);
        context.Response.Body = new MemoryStream();
        await door.HandleAsync(context, Door.At(endpoint)!, key, ServiceTier.Batch);
        return context;
    }

    static TimeSpan RetryAfterOf(HttpContext context) =>
        long.TryParse(
            context.Response.Headers["retry-after-ms"], NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            ? TimeSpan.FromMilliseconds(Math.Min(ms, MostPause.TotalMilliseconds))
            : TimeSpan.Zero;

    string Answer(string customId, HttpContext context, MemoryStream body)
    {
        var output = new ArrayBufferWriter<byte>((int)body.Length + 256);
        using (var json = new Utf8JsonWriter(output))
        using (var answer = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length)))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, NextId());
            json.WriteString("custom_id"u8, customId);
            json.WriteStartObject("response"u8);
            json.WriteNumber("status_code"u8, context.Response.StatusCode);
            json.WriteString("request_id"u8, context.Response.Headers["x-request-id"].ToString());
            json.WritePropertyName("body"u8);
            // Written anew, so that it is one line whatever the cloud's own looked like.
            answer.RootElement.WriteTo(json);
            json.WriteEndObject();
            json.WriteNull("error"u8);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(output.WrittenSpan);
    }

    string NextId() => $"batch_req_{ids.Next():N}";

    /// <summary>A call inside this process ends when its batch is told to stop.</summary>
    sealed class LineLifetime : IHttpRequestLifetimeFeature
    {
        public required CancellationToken RequestAborted { get; set; }

        public void Abort()
        {
            // There is no connection to cut.
        }
    }
}
