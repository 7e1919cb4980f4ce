using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.House;

/// <summary>A response as it came over a <see cref="RawConnection"/>.</summary>
internal sealed record RawResponse(int Status, Dictionary<string, string> Headers, string Body)
{
    /// <summary>The error object of a body in OpenAI's shape, which must have its four keys.</summary>
    public JsonObject Error()
    {
        var error = JsonNode.Parse(Body)!["error"]!.AsObject();
        error.Select(member => member.Key).Order().ShouldBe(["code", "message", "param", "type"]);
        return error;
    }

    public string? Code => (string?)Error()["code"];
}

/// <summary>A client that sends exactly what a test gives it, over one connection, and gives up in time.</summary>
internal sealed class RawConnection : IDisposable
{
    readonly TcpClient _client;
    readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30), TimeProvider.System);
    readonly NetworkStream _stream;
    byte[] _buffer = [];

    RawConnection(TcpClient client) => (_client, _stream) = (client, client.GetStream());

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port);
        return new RawConnection(client);
    }

    /// <summary>A request with the demo key.</summary>
    public static string Request(string body, string path = "/v1/chat/completions", string more = "") =>
        $"POST {path} HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.DemoKey}\r\n"
        + $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{more}\r\n{body}";

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.UTF8.GetBytes(text), _patience.Token);

    /// <summary>Reads one response: by its length, in chunks, or to the end of the connection.</summary>
    /// <param name="hasBody">False for the answer to a HEAD.</param>
    public async Task<RawResponse> ReadAsync(bool hasBody = true)
    {
        int end;
        while ((end = _buffer.AsSpan().IndexOf("\r\n\r\n"u8)) < 0)
        {
            (await ReadMoreAsync()).ShouldBeTrue($"the connection ended before a response: {Text(_buffer)}");
        }

        var lines = Text(_buffer[..end]).Split("\r\n");
        _buffer = _buffer[(end + 4)..];
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        var body = !hasBody || status is 100 or 204 ? ""
            : headers.TryGetValue("content-length", out var length)
                ? Text(await TakeAsync(int.Parse(length, CultureInfo.InvariantCulture)))
            : headers.ContainsKey("transfer-encoding") ? await ReadChunksAsync()
            : await ReadToEndAsync();
        return new RawResponse(status, headers, body);
    }

    /// <summary>Whether the server has ended the connection, with nothing left to read.</summary>
    public async Task<bool> HasEndedAsync() => _buffer.Length == 0 && !await ReadMoreAsync();

    public void Dispose()
    {
        _client.Dispose();
        _patience.Dispose();
    }

    async Task<string> ReadChunksAsync()
    {
        var body = new List<byte>();
        while (true)
        {
            int end;
            while ((end = _buffer.AsSpan().IndexOf("\r\n"u8)) < 0)
            {
                (await ReadMoreAsync()).ShouldBeTrue("the connection ended within a chunked body");
            }

            var size = int.Parse(Text(_buffer[..end]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            _buffer = _buffer[(end + 2)..];
            body.AddRange((await TakeAsync(size + 2))[..size]);
            if (size == 0)
            {
                return Text([.. body]);
            }
        }
    }

    async Task<string> ReadToEndAsync()
    {
        while (await ReadMoreAsync())
        {
        }

        var rest = Text(_buffer);
        _buffer = [];
        return rest;
    }

    async Task<byte[]> TakeAsync(int length)
    {
        while (_buffer.Length < length)
        {
            (await ReadMoreAsync()).ShouldBeTrue("the connection ended within a body");
        }

        var taken = _buffer[..length];
        _buffer = _buffer[length..];
        return taken;
    }

    async Task<bool> ReadMoreAsync()
    {
        var more = new byte[16 * 1024];
        var read = await _stream.ReadAsync(more, _patience.Token);
        _buffer = [.. _buffer, .. more[..read]];
        return read > 0;
    }

    static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
