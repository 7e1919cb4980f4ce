using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Capacity;

/// <summary>
/// Puts in force what is reserved as it begins and ends, on every node; tells of it, renews, and looks whether what is held
/// still covers what was sold.
/// </summary>
internal sealed partial class CapacityLoop(
    CapacityStore store, CapacityHoldings holdings, CapacityDesk desk, CapacityShelf shelf, CapacityInstruments instruments,
    ConfigurationState configuration, TimeProvider time, ILogger<CapacityLoop> logger) : BackgroundService
{
    /// <summary>So soon, and what a query takes, what another node sold is in force here.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>So often all is looked at anew, whatever is known.</summary>
    static readonly TimeSpan Thoroughly = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim _working = new(1, 1);
    long _dueTicks;
    object? _judged;

    /// <summary>Reads what is sold and does all that is due.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        await _working.WaitAsync(cancellation);
        try
        {
            _judged = configuration.Current;
            var open = await store.ReadOpenAsync(cancellation);
            var now = desk.Now;
            shelf.Put(holdings.SharesAt(now, open));
            var isChanged = false;
            foreach (var reservation in open)
            {
                isChanged |= await desk.AdvanceAsync(reservation, cancellation);
            }

            var models = open.Select(each => each.Model).Concat(holdings.OfferedModels).Distinct()
                .Order(StringComparer.Ordinal);
            var readings = new List<(string, Ledger.Capacity.CapacityStep, int)>();
            foreach (var model in models)
            {
                var sold = open.Where(each => each.Model == model).ToList();
                isChanged |= await desk.JudgeRiskAsync(model, sold, cancellation);
                readings.Add((
                    model, holdings.CourseOf(model, sold).At(desk.Now),
                    sold.Count(each => each.AtRiskSince is not null)));
            }

            instruments.Put([.. readings]);
            // What was changed is read again with the next tick.
            Volatile.Write(ref _dueTicks, isChanged ? 0 : open.SelectMany(CapacityDesk.TurnsOf).Where(at => at > now)
                .Append(now + Thoroughly).Min().UtcTicks);
        }
        finally
        {
            _working.Release();
        }
    }

    /// <summary>The same; what fails is done a second later.</summary>
    public async Task TryCatchUpAsync(CancellationToken cancellation)
    {
        try
        {
            await CatchUpAsync(cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Volatile.Write(ref _dueTicks, 0);
            LogFailed(failure);
        }
    }

    public override void Dispose()
    {
        _working.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                // Where there is no other node, all that happens is known here.
                if (store.IsShared || desk.Now.UtcTicks >= Volatile.Read(ref _dueTicks)
                    || !ReferenceEquals(_judged, configuration.Current))
                {
                    await TryCatchUpAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(7500, LogLevel.Error, "What is reserved could not be read or told of; what was known stays in force.")]
    partial void LogFailed(Exception failure);
}
