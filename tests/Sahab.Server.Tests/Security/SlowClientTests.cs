using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Security;

/// <summary>Clients that begin and do not go on hold nothing but their own connections.</summary>
public sealed class SlowClientTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    const int Slow = 100;

    const string Hello = """{"model":"small","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}""";

    [Fact]
    public async Task Others_are_served_while_many_send_heads_and_bodies_that_never_end()
    {
        var house = shared.House;
        var connections = new List<RawConnection>();
        for (var number = 0; number < Slow; number++)
        {
            foreach (var begun in new[]
            {
                "POST /v1/chat/comple",
                "GET /api/status HTTP/1.1\r\nHost: sahab\r\nX-Slow: ",
                RawConnection.Request(Hello)[..^5],
                $"POST /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.DemoKey}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{",
                "POST /api/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
            })
            {
                var connection = await RawConnection.OpenAsync(house.Address);
                await connection.SendAsync(begun);
                connections.Add(connection);
            }
        }

        using var client = house.Client();
        for (var call = 0; call < 20; call++)
        {
            using var answer = await client.PostAsync(
                "/v1/chat/completions", new StringContent(Hello, Encoding.UTF8, "application/json"));
            ((int)answer.StatusCode).ShouldBe(200);
            using var health = await client.GetAsync("/readyz");
            ((int)health.StatusCode).ShouldBe(200);
        }

        connections.ForEach(connection => connection.Dispose());
    }

    /// <summary>It is Kestrel that keeps these; that it does is not for a test that must not depend on speed.</summary>
    [Fact]
    public void How_slow_is_too_slow_is_said()
    {
        var limits = shared.House.Get<IOptions<KestrelServerOptions>>().Value.Limits;

        limits.RequestHeadersTimeout.ShouldBe(SahabServer.HeadTimeout);
        limits.KeepAliveTimeout.ShouldBe(SahabServer.IdleTimeout);
        limits.MinRequestBodyDataRate!.BytesPerSecond.ShouldBe(SahabServer.MinBytesPerSecond);
        limits.MinRequestBodyDataRate.GracePeriod.ShouldBe(SahabServer.SlowStart);
        limits.MinResponseDataRate!.BytesPerSecond.ShouldBe(SahabServer.MinBytesPerSecond);
        limits.MaxConcurrentConnections.ShouldBe(SahabServer.MaxConnections);
        limits.MaxRequestHeadersTotalSize.ShouldBe(SahabServer.MaxHeadBytes);
        limits.MaxRequestHeaderCount.ShouldBe(SahabServer.MaxHeaders);
    }

    [Theory]
    [InlineData("X-Long: ", SahabServer.MaxHeadBytes + 1, 1, 431)]
    [InlineData("X-Many: ", 1, SahabServer.MaxHeaders + 1, 431)]
    public async Task A_head_that_is_too_long_is_refused(string header, int length, int times, int status)
    {
        var house = shared.House;
        using var connection = await RawConnection.OpenAsync(house.Address);
        await connection.SendAsync(
            "GET /healthz HTTP/1.1\r\nHost: sahab\r\n" + string.Concat(Enumerable.Repeat($"{header}{new string('x', length)}\r\n", times)) + "\r\n");

        (await connection.ReadAsync()).Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_path_that_is_too_long_is_refused()
    {
        var house = shared.House;
        using var connection = await RawConnection.OpenAsync(house.Address);
        await connection.SendAsync($"GET /{new string('x', SahabServer.MaxRequestLineBytes)} HTTP/1.1\r\nHost: sahab\r\n\r\n");

        (await connection.ReadAsync()).Status.ShouldBe(414);
    }

    [Fact]
    public async Task Who_announces_much_and_sends_little_holds_little()
    {
        var house = shared.House;
        using var connection = await RawConnection.OpenAsync(house.Address);
        var half = new string(' ', BodyReader.MaxBytesInAdvance);

        // More than is set aside in advance: it grows with what comes, and nothing of it is lost.
        await connection.SendAsync(RawConnection.Request(half + half + half + Hello));

        (await connection.ReadAsync()).Status.ShouldBe(200);
    }
}
