using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Server.Portal;

/// <summary>
/// Keeps open pages up to date: after each sample, a viewer is sent the parts of its page that live, rendered once for
/// all who look at the same. The stream is compressed as one piece, so that what has not changed costs next to nothing.
/// It ends after a while: the browser asks anew, and is judged anew, so that who may not look any more does not.
/// </summary>
internal sealed class LiveStream(LiveFeed feed, PageRenderer renderer, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>The most pages that are kept up to date at once; one more is told to try again later.</summary>
    public const int MaxViewers = 100;

    /// <summary>How long a stream goes on.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(1);

    const string RetrySeconds = "30";

    /// <summary>Browsers ask anew a second after the end.</summary>
    static readonly byte[] Opening = "retry: 1000\n\n"u8.ToArray();

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly ConcurrentDictionary<string, Lazy<Task<string>>> _rendered = new(StringComparer.Ordinal);
    int _viewers;
    long _renderedNumber;

    /// <summary>Pages that are kept up to date now.</summary>
    public int Viewers => Volatile.Read(ref _viewers);

    public async Task RunAsync(HttpContext context, PageView view)
    {
        var response = context.Response;
        if (Interlocked.Increment(ref _viewers) > MaxViewers)
        {
            Interlocked.Decrement(ref _viewers);
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = RetrySeconds;
            return;
        }

        using var life = new CancellationTokenSource(MaxLife, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping, life.Token);
        try
        {
            response.ContentType = "text/event-stream; charset=utf-8";
            response.Headers.CacheControl = "no-store";
            response.Headers["x-accel-buffering"] = "no";
            await using var output = Open(context);
            await SendAsync(output, view, end.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            // The viewer has left, the server stops, or it was long enough.
        }
        finally
        {
            Interlocked.Decrement(ref _viewers);
        }
    }

    static Stream Open(HttpContext context)
    {
        if (!context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            return context.Response.Body;
        }

        context.Response.Headers.ContentEncoding = "gzip";
        context.Response.Headers.Vary = "accept-encoding";
        return new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
    }

    async Task SendAsync(Stream output, PageView view, CancellationToken end)
    {
        await output.WriteAsync(Opening, end);
        await output.FlushAsync(end);
        long sent = 0;
        while (true)
        {
            var next = feed.Next;
            var sample = feed.Latest;
            if (sample.Number > sent)
            {
                // A viewer that was too slow for some samples gets their points with the next one.
                var missed = (int)Math.Min(sample.Number - sent, sample.Points.Count);
                var frame = new LiveFrame(
                    await RenderAsync(view, sample.Number), sample.Points.Skip(sample.Points.Count - missed));
                await output.WriteAsync(
                    Encoding.UTF8.GetBytes($"data: {JsonSerializer.Serialize(frame, Json)}\n\n"), end);
                await output.FlushAsync(end);
                sent = sample.Number;
            }

            await next.WaitAsync(end);
        }
    }

    Task<string> RenderAsync(PageView view, long number)
    {
        if (Interlocked.Exchange(ref _renderedNumber, number) != number)
        {
            _rendered.Clear();
        }

        return _rendered.GetOrAdd(
            view.Key, static (_, work) => new Lazy<Task<string>>(() => work.Renderer.RenderAsync(work.View)),
            (Renderer: renderer, View: view)).Value;
    }

    /// <summary>What one message tells.</summary>
    /// <param name="Html">The live parts; each replaces the element with its id.</param>
    sealed record LiveFrame(string Html, IEnumerable<LivePoint> Points);
}
