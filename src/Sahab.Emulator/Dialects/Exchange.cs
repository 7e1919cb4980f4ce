using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Dialects;

/// <summary>One request and the ways to answer it.</summary>
internal sealed class Exchange(HttpContext http, CloudConnection connection, VendorStyle vendor, ulong ordinal)
{
    static readonly JsonWriterOptions PlainText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public HttpContext Http { get; } = http;

    public Cloud Cloud => connection.Cloud;

    /// <summary>Whose habits the answer has; a cloud that speaks two protocols has two.</summary>
    public VendorStyle Vendor { get; set; } = vendor;

    public ulong Ordinal { get; } = ordinal;

    public required string RequestId { get; init; }

    public CallChannel Channel { get; } = new(http, connection);

    /// <summary>Id of the key that was presented.</summary>
    public string Key { get; private set; } = "";

    public string Path => Http.Request.Path.Value ?? "";

    /// <summary>The model, where the path names it.</summary>
    public string? ModelInPath { get; set; }

    /// <summary>What stands before the model's name in the body; mostly nothing.</summary>
    public string ModelPrefix { get; set; } = "";

    /// <summary>Whether errors are sent as an array of one.</summary>
    public bool WrapsErrors { get; set; }

    /// <summary>Whether the results of Azure's content filters are told.</summary>
    public bool TellsFilters { get; set; }

    /// <summary>Finds out whose key was presented, or whose token.</summary>
    /// <param name="findToken">Finds the key that a bearer token stands for; nothing where there are no tokens.</param>
    public void Authenticate(Func<Cloud, string, string?>? findToken = null)
    {
        if (Key.Length > 0)
        {
            return;
        }
        var secret = Vendor.KeyHeader is { } header ? Http.Request.Headers[header].ToString() : "";
        var bearer = Http.Request.Headers.Authorization.ToString();
        if (secret.Length == 0 && bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            secret = bearer[7..].Trim();
        }
        Key = Cloud.FindKey(secret) ?? findToken?.Invoke(Cloud, secret) ?? throw new ApiException(Vendor.Unauthorized(secret.Length > 0));
    }

    /// <summary>Takes the key that a signature was found to be of; none where it does not hold.</summary>
    public void AuthenticateAs(string? key) => Key = key ?? throw new ApiException(Vendor.Unauthorized(hasKey: true));

    public async Task SendErrorAsync(ApiError error)
    {
        Vendor.AddErrorHeaders(Http.Response.Headers, error);
        if (error.RetrySeconds is { } seconds)
        {
            Vendor.AddRetryHeaders(Http.Response.Headers, seconds);
        }
        if (error.Status == 413)
        {
            Http.Response.Headers.Connection = "close";
        }
        await SendJsonAsync(error.Status, writer =>
        {
            if (WrapsErrors)
            {
                writer.WriteStartArray();
            }
            Vendor.WriteError(writer, error with { RequestId = RequestId });
            if (WrapsErrors)
            {
                writer.WriteEndArray();
            }
        });
    }

    public async Task SendJsonAsync(int status, Action<Utf8JsonWriter> write)
    {
        var body = Begin(status, write);
        await Channel.StartAsync();
        Channel.Writer.Raw(body.WrittenSpan);
        await Channel.FlushAsync();
    }

    /// <summary>Sends what is not JSON, a piece at a time, as servers do that make it while they send it.</summary>
    /// <param name="isHalf">Whether it ends in the middle, and the connection with it.</param>
    public async Task SendPiecesAsync(string contentType, ReadOnlyMemory<byte> body, bool isHalf)
    {
        const int piece = 4096;
        Http.Response.ContentType = contentType;
        await Channel.StartAsync();
        body = isHalf ? body[..(body.Length / 2)] : body;
        for (; body.Length > 0; body = body[Math.Min(piece, body.Length)..])
        {
            Channel.Writer.Raw(body.Span[..Math.Min(piece, body.Length)]);
            if (!await Channel.FlushAsync())
            {
                return;
            }
        }
        if (isHalf)
        {
            await Channel.CutAsync();
        }
    }

    /// <summary>Promises the whole body, sends half, and ends the connection.</summary>
    public async Task SendHalfAsync(Action<Utf8JsonWriter> write)
    {
        var body = Begin(200, write);
        await Channel.StartAsync();
        Channel.Writer.Raw(body.WrittenSpan[..(body.WrittenCount / 2)]);
        await Channel.FlushAsync();
        await Channel.CutAsync();
    }

    ArrayBufferWriter<byte> Begin(int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(body, PlainText))
        {
            write(writer);
        }
        Http.Response.StatusCode = status;
        Http.Response.ContentType = "application/json";
        Http.Response.ContentLength = body.WrittenCount;
        return body;
    }
}
