using System.Net;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.Vllm;

namespace Sahab.Server.Serve.Providers.Vllm;

/// <summary>Which deployment to ask, and where its server answers.</summary>
/// <param name="Metrics">The address of <c>/metrics</c>.</param>
/// <param name="Health">The address of <c>/health</c>.</param>
/// <param name="Model">What the server calls the model.</param>
internal sealed record LoadProbe(
    DeploymentState State, HttpMessageInvoker Http, Uri Metrics, Uri Health, string Model, TimeSpan Interval);

/// <summary>
/// Asks vLLM servers how busy they are, so that the router knows of load that is not ours. A server that says that it
/// is not healthy is left alone while it says so; one that does not answer says nothing, for calls will tell.
/// </summary>
internal sealed class LoadProbeLoop(SnapshotPublisher snapshots, TimeProvider time, MonotonicClock clock)
    : BackgroundService
{
    /// <summary>How often it looks whether a probe is due; no interval is shorter.</summary>
    public static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest page of metrics that is read.</summary>
    public const int MaxPageBytes = 1024 * 1024;

    /// <summary>How long a server may take to answer.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly Dictionary<DeploymentState, Task> _running = [];
    readonly Dictionary<DeploymentState, long> _dueMs = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Resolution, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (snapshots.IsReady)
                {
                    Start(snapshots.Current.Probes, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    void Start(IReadOnlyList<LoadProbe> probes, CancellationToken stopping)
    {
        foreach (var state in _dueMs.Keys.Except(probes.Select(probe => probe.State)).ToArray())
        {
            _dueMs.Remove(state);
            _running.Remove(state);
        }

        foreach (var probe in probes)
        {
            var isRunning = _running.TryGetValue(probe.State, out var running) && !running.IsCompleted;
            if (!isRunning && clock.NowMs >= _dueMs.GetValueOrDefault(probe.State))
            {
                _dueMs[probe.State] = clock.NowMs + (long)probe.Interval.TotalMilliseconds;
                _running[probe.State] = AskAsync(probe, stopping);
            }
        }
    }

    async Task AskAsync(LoadProbe probe, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var limit = new CancellationTokenSource(Patience, time);
        await using var linked = limit.Token.Register(patience.Cancel);
        try
        {
            var health = await GetAsync(probe.Http, probe.Health, patience.Token);
            var isHealthy = health.Status == HttpStatusCode.OK;
            var page = await GetAsync(probe.Http, probe.Metrics, patience.Token);
            var isKnown = VllmMetrics.TryRead(page.Body, probe.Model, out var load);
            if (isKnown || !isHealthy)
            {
                probe.State.Report(new ReportedLoad(load.Running, load.Waiting, isHealthy, clock.NowMs));
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // Nothing was learned.
        }
    }

    static async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(
        HttpMessageInvoker http, Uri uri, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        using var response = await http.SendAsync(request, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var page = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; page.Length < MaxPageBytes && (read = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            page.Write(buffer, 0, read);
        }

        return (response.StatusCode, page.ToArray());
    }
}
