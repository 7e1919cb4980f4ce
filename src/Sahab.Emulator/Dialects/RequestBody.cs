using System.Buffers;
using System.Text.Json;

namespace Sahab.Emulator.Dialects;

/// <summary>A request's body as JSON over pooled bytes.</summary>
internal sealed class RequestBody : IDisposable
{
    byte[] _bytes;
    JsonDocument? _json;
    int _length;

    RequestBody(int size) => _bytes = ArrayPool<byte>.Shared.Rent(size);

    public JsonElement Root => _json!.RootElement;

    /// <summary>The body as it came.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Reads and parses the whole body; Kestrel bounds its size.</summary>
    public static async Task<RequestBody> ReadAsync(HttpContext http, long limit)
    {
        if (http.Request.ContentLength > limit)
        {
            throw new ApiException(ApiError.TooLarge(limit));
        }
        var body = new RequestBody((int)(http.Request.ContentLength ?? 4096) + 1);
        try
        {
            body._length = await body.FillAsync(http.Request.Body, http.RequestAborted);
            body._json = JsonDocument.Parse(body._bytes.AsMemory(0, body._length));
            return body;
        }
        catch (Exception error)
        {
            body.Dispose();
            throw error switch
            {
                JsonException => new ApiException(ApiError.Invalid("The request body is not valid JSON.", null)),
                BadHttpRequestException { StatusCode: 413 } => new ApiException(ApiError.TooLarge(limit)),
                _ => error,
            };
        }
    }

    public void Dispose()
    {
        _json?.Dispose();
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    async Task<int> FillAsync(Stream from, CancellationToken cancellation)
    {
        for (var length = 0; ;)
        {
            if (length == _bytes.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
                _bytes.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }
            var read = await from.ReadAsync(_bytes.AsMemory(length), cancellation);
            if (read == 0)
            {
                return length;
            }
            length += read;
        }
    }
}
