using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sahab.Server.Serve.Providers;

namespace Sahab.Server.Tests.Providers;

/// <summary>.NET's own client over a gathering connection to .NET's own server, with the writes to the socket counted.</summary>
public sealed class GatheringStreamTests : IAsyncLifetime
{
    readonly List<CountingStream> _sockets = [];
    readonly HttpClient _client;
    WebApplication _server = null!;

    public GatheringStreamTests() => _client = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (connection, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(connection.DnsEndPoint, cancellation);
            _sockets.Add(new CountingStream(socket));
            return _sockets[^1];
        },
        PlaintextStreamFilter = (connection, _) =>
            ValueTask.FromResult<Stream>(new GatheringStream(connection.PlaintextStream)),
    });

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(async http =>
        {
            var digest = await SHA256.HashDataAsync(http.Request.Body, http.RequestAborted);
            await http.Response.WriteAsync($"{http.Request.Method} {Convert.ToHexString(digest)}", http.RequestAborted);
        });
        await _server.StartAsync();
        _client.BaseAddress = new Uri(_server.Urls.Single());
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_request_of_any_usual_size_leaves_in_one_piece_and_whole()
    {
        // Each size around the client's own buffer, with its head in it, and then some.
        int[] sizes = [0, 1, 1000, .. Enumerable.Range(3500, 700), 8192, 16_000, 40_000, 65_000];
        foreach (var size in sizes)
        {
            var writes = _sockets.Sum(socket => socket.Writes);
            (await PostAsync(Bytes(size))).ShouldBeTrue($"{size} bytes");
            (_sockets.Sum(socket => socket.Writes) - writes).ShouldBe(1, $"{size} bytes");
        }

        _sockets.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_large_request_goes_as_it_comes()
    {
        (await PostAsync(Bytes(GatheringStream.MaxHeldBytes))).ShouldBeTrue();
        _sockets.ShouldHaveSingleItem().Writes.ShouldBeGreaterThan(1);
        (await PostAsync(Bytes(5_000_000))).ShouldBeTrue();
        // The end of the large ones was found: the next is gathered again.
        var writes = _sockets[0].Writes;
        (await PostAsync(Bytes(9000))).ShouldBeTrue();
        _sockets.ShouldHaveSingleItem().Writes.ShouldBe(writes + 1);
    }

    [Fact]
    public async Task A_body_that_looks_like_a_head_is_a_body()
    {
        var lure = "{}\r\nContent-Length: 4000000\r\n\r\n"u8.ToArray();
        byte[] body = [.. lure, .. Bytes(4000), .. lure, .. Bytes(9000)];
        for (var i = 0; i < 3; i++)
        {
            (await PostAsync(body, pieces: 7)).ShouldBeTrue();
        }

        _sockets.ShouldHaveSingleItem().Writes.ShouldBe(3);
    }

    [Fact]
    public async Task A_request_without_a_body_or_of_untold_length_is_served()
    {
        (await _client.GetStringAsync("/")).ShouldStartWith("GET ");
        (await PostAsync(Bytes(9000))).ShouldBeTrue();
        (await PostAsync(Bytes(30_000), isChunked: true)).ShouldBeTrue();
        (await PostAsync(Bytes(9000))).ShouldBeTrue();
        _sockets.Count.ShouldBe(1);
    }

    static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)('a' + (i % 26));
        }

        return bytes;
    }

    /// <summary>Whether the server saw the very body.</summary>
    async Task<bool> PostAsync(byte[] body, int pieces = 3, bool isChunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new PiecesContent(body, pieces, isChunked),
        };
        using var response = await _client.SendAsync(request);
        return await response.Content.ReadAsStringAsync() == $"POST {Convert.ToHexString(SHA256.HashData(body))}";
    }

    sealed class PiecesContent(byte[] body, int pieces, bool isChunked) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var piece in body.Chunk((body.Length / pieces) + 1))
            {
                await stream.WriteAsync(piece);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return !isChunked;
        }
    }

    sealed class CountingStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public int Writes { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
