using System.Net;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Serve.Providers;

/// <summary>
/// The connections to the providers: one pool of sockets per provider, kept over reloads while the settings that
/// shape it stay the same.
/// </summary>
internal sealed class UpstreamPool(TimeProvider time) : IDisposable
{
    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);
    static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(90);

    /// <summary>After so much silence an HTTP/2 connection with calls on it is asked whether it still lives.</summary>
    static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long it has to reply before it is closed, and its calls with it.</summary>
    static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(10);

    readonly Dictionary<PoolSettings, HttpMessageInvoker> _pools = [];
    readonly List<ITimer> _retiring = [];

    /// <summary>Finds or makes the pool for each provider; pools that no provider uses are closed after <paramref name="grace"/>.</summary>
    /// <param name="grace">Longer than any call may last, so that no call loses its connection.</param>
    public IReadOnlyDictionary<string, HttpMessageInvoker> For(IEnumerable<ProviderConfig> providers, TimeSpan grace)
    {
        var wanted = new Dictionary<string, HttpMessageInvoker>(StringComparer.Ordinal);
        var used = new HashSet<PoolSettings>();
        foreach (var provider in providers)
        {
            var settings = new PoolSettings(
                provider.Id, provider.MaxConnections, provider.Timeouts.Connect, provider.Http2);
            used.Add(settings);
            if (!_pools.TryGetValue(settings, out var pool))
            {
                _pools[settings] = pool = Open(settings);
            }

            wanted[provider.Id] = pool;
        }

        foreach (var settings in _pools.Keys.Where(settings => !used.Contains(settings)).ToArray())
        {
            _pools.Remove(settings, out var pool);
            _retiring.Add(time.CreateTimer(
                static state => ((HttpMessageInvoker)state!).Dispose(), pool, grace, Timeout.InfiniteTimeSpan));
        }

        return wanted;
    }

    public void Dispose()
    {
        foreach (var timer in _retiring)
        {
            timer.Dispose();
        }

        foreach (var pool in _pools.Values)
        {
            pool.Dispose();
        }
    }

    static HttpMessageInvoker Open(PoolSettings settings) => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.Connect,
            MaxConnectionsPerServer = settings.MaxConnections,
            PooledConnectionLifetime = ConnectionLifetime,
            PooledConnectionIdleTimeout = IdleTimeout,
            EnableMultipleHttp2Connections = true,
            // A call that runs out of time ends its own stream only: without this, a connection that has silently
            // died would take every call of the next minutes with it.
            KeepAlivePingDelay = PingAfter,
            KeepAlivePingTimeout = PingPatience,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            // Spans are the gateway's own; without a propagator the handler adds no diagnostics of its own.
            ActivityHeadersPropagator = null,
            PlaintextStreamFilter = static (connection, _) => ValueTask.FromResult<Stream>(
                connection.NegotiatedHttpVersion == HttpVersion.Version11
                    ? new GatheringStream(connection.PlaintextStream)
                    : connection.PlaintextStream),
        });

    sealed record PoolSettings(string Provider, int MaxConnections, TimeSpan Connect, bool Http2);
}
