namespace Sahab.Server.Source.Commitments;

/// <summary>Settles as time passes: a round every half minute, on the node that it falls to.</summary>
internal sealed partial class SettlementLoop(
    Settler settler, SettlementInstruments instruments, TimeProvider time, ILogger<SettlementLoop> logger)
    : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Not the threads that serve sockets, on which a driver's read may end: to settle a year there would keep calls
    /// waiting.
    /// </summary>
    static readonly TaskScheduler Pool = new ConcurrentExclusiveSchedulerPair().ConcurrentScheduler;

    readonly SemaphoreSlim _settling = new(1, 1);
    SettlementRound _last;

    /// <summary>Settles now all that is due. Throws where the store cannot be reached.</summary>
    public async Task<SettlementRound> SettleAsync(CancellationToken cancellation)
    {
        await _settling.WaitAsync(cancellation);
        try
        {
            return await Task.Factory.StartNew(
                () => settler.SettleAsync(cancellation), cancellation, TaskCreationOptions.None, Pool).Unwrap();
        }
        finally
        {
            _settling.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await settler.ReleaseAsync(cancellationToken);
        }
        catch (Exception error)
        {
            LogNotReleased(Settler.LeaseTime, error);
        }
    }

    public override void Dispose()
    {
        _settling.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Tell(await SettleAsync(stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (SettlementLeaseLostException)
            {
                Tell(SettlementRound.SettledElsewhere);
            }
            catch (Exception error)
            {
                instruments.Failed();
                LogFailed(Interval, error);
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    void Tell(SettlementRound round)
    {
        if (round != _last)
        {
            switch (round)
            {
                case SettlementRound.Settled:
                    LogSettles();
                    break;
                case SettlementRound.NodeIsBehind:
                    LogBehind();
                    break;
                case SettlementRound.SettledElsewhere:
                    LogElsewhere();
                    break;
                default:
                    break;
            }

            _last = round;
        }
    }

    [LoggerMessage(7010, LogLevel.Information, "This node settles the contracts.")]
    partial void LogSettles();

    [LoggerMessage(7011, LogLevel.Information, "Another node settles the contracts.")]
    partial void LogElsewhere();

    [LoggerMessage(7012, LogLevel.Warning, "Another node has versions of contracts that this node's configuration does "
        + "not have; it does not settle until it has them. Give all nodes the same configuration.")]
    partial void LogBehind();

    [LoggerMessage(7013, LogLevel.Error, "The contracts could not be settled; trying again in {Retry}. Nothing is lost: "
        + "the usage is posted, and what is missing follows.")]
    partial void LogFailed(TimeSpan retry, Exception error);

    [LoggerMessage(7014, LogLevel.Warning, "The right to settle could not be given back; another node takes it within "
        + "{Time}.")]
    partial void LogNotReleased(TimeSpan time, Exception error);
}
