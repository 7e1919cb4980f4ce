using System.Threading.Channels;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Tenants;

/// <summary>
/// Keeps the organisations of the file as the configuration in force says them: each time that one is put in force, as soon
/// as the database lets it.
/// </summary>
internal sealed partial class FileTenants(
    OrganisationStore store, CallerCache cache, KeyFeed keys, TimeProvider time, ILogger<FileTenants> logger) : BackgroundService
{
    static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>The last that was put in force; an older one that nobody has mirrored yet is not worth it any more.</summary>
    readonly Channel<SahabConfig> _next = Channel.CreateBounded<SahabConfig>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Has every configuration mirrored that is put in force from now on.</summary>
    public Action Prepare(SahabConfig config) => () => _next.Writer.TryWrite(config);

    /// <summary>Mirrors a configuration.</summary>
    public async Task MirrorAsync(SahabConfig config, CancellationToken cancellation)
    {
        var tenants = config.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.Name ?? tenant.Id);
        var changed = await store.MirrorAsync(tenants, cancellation);
        if (changed > 0)
        {
            cache.Forget();
            await keys.CatchUpAsync(cancellation);
            LogMirrored(changed);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var config in _next.Reader.ReadAllAsync(stoppingToken))
        {
            while (!await TryMirrorAsync(config, stoppingToken) && !_next.Reader.TryPeek(out _))
            {
                await Task.Delay(Retry, time, stoppingToken);
            }
        }
    }

    async Task<bool> TryMirrorAsync(SahabConfig config, CancellationToken cancellation)
    {
        try
        {
            await MirrorAsync(config, cancellation);
            return true;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(error);
            return false;
        }
    }

    [LoggerMessage(7021, LogLevel.Information, "{Count} organisations changed with the tenants of the configuration.")]
    partial void LogMirrored(int count);

    [LoggerMessage(7022, LogLevel.Error, "The tenants of the configuration could not be written down; trying again.")]
    partial void LogFailed(Exception error);
}
