using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Sahab.Emulator.Hosting;

/// <summary>
/// The way back to one client: writes, notices that it left, and can end the connection in mid-answer.
/// </summary>
internal sealed class CallChannel(HttpContext http, CloudConnection connection)
{
    /// <summary>How long a cut waits for the last bytes to leave before it gives the connection up.</summary>
    static readonly TimeSpan CutPatience = TimeSpan.FromSeconds(5);

    const int Http2InternalError = 2;

    public PipeWriter Writer => http.Response.BodyWriter;

    public bool ClientGone => http.RequestAborted.IsCancellationRequested;

    public long Unflushed => Writer.UnflushedBytes;

    /// <summary>Begins the answer. Nothing may be written before: Kestrel has no buffer yet.</summary>
    public Task StartAsync() => http.Response.HasStarted
        ? Task.CompletedTask
        : http.Response.StartAsync(CancellationToken.None);

    /// <summary>Sends what was written; false when the client is gone.</summary>
    public async ValueTask<bool> FlushAsync()
    {
        try
        {
            var result = await Writer.FlushAsync(CancellationToken.None);
            return !result.IsCompleted && !result.IsCanceled && !ClientGone;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// Ends the connection after the bytes that were flushed, without the terminator that HTTP asks for.
    /// </summary>
    public async Task CutAsync()
    {
        if (!http.Response.HasStarted)
        {
            await StartAsync();
            await FlushAsync();
        }
        if (HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            // The connection carries other calls too: only this one's stream is reset. What was flushed is on its way.
            http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(Http2InternalError);
            return;
        }
        await connection.EndAfterFlushAsync(CutPatience);
        http.Abort();
    }

    /// <summary>Ends the connection at once.</summary>
    public void Abort() => http.Abort();
}
