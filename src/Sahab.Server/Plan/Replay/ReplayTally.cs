using Sahab.Planning.Simulation;

namespace Sahab.Server.Plan.Replay;

/// <summary>Counts how the calls of a replay went, in bounded memory. Thread-safe.</summary>
internal sealed class ReplayTally
{
    /// <summary>Kinds of errors, and providers, told apart; the rest are one.</summary>
    const int MaxKinds = 100;

    const string Rest = "other";

    readonly Lock _gate = new();
    readonly Dictionary<(int Status, string Code), long> _errors = [];
    readonly Dictionary<string, ProviderTotal> _providers = [];
    readonly LatencyHistogram _firstToken = new();
    readonly LatencyHistogram _total = new();
    readonly LatencyHistogram _lateness = new();
    ReplayProgress _progress;

    /// <summary>A request that found as many calls in flight as may be.</summary>
    public void CountHeldBack()
    {
        lock (_gate)
        {
            _progress = _progress with { HeldBack = _progress.HeldBack + 1 };
        }
    }

    /// <summary>A call that is sent now, so much later than it was due.</summary>
    public void CountSent(TimeSpan lateness)
    {
        lock (_gate)
        {
            _progress = _progress with { Sent = _progress.Sent + 1 };
            _lateness.Add(lateness > TimeSpan.Zero ? lateness : TimeSpan.Zero);
        }
    }

    public void Count(in ReplayOutcome outcome)
    {
        lock (_gate)
        {
            _progress = _progress with
            {
                Ended = _progress.Ended + 1,
                Abandoned = _progress.Abandoned + (outcome.Abandoned ? 1 : 0),
                Refused = _progress.Refused + (!outcome.Abandoned && outcome.IsRefusal ? 1 : 0),
                Failed = _progress.Failed
                    + (!outcome.Abandoned && outcome.Failure is not null && !outcome.IsRefusal ? 1 : 0),
            };
            if (outcome.Abandoned)
            {
                return;
            }

            CountProvider(outcome);
            if (outcome.Failure is { } failure)
            {
                var kind = (outcome.Status, failure);
                kind = _errors.ContainsKey(kind) || _errors.Count < MaxKinds ? kind : (0, Rest);
                _errors[kind] = _errors.GetValueOrDefault(kind) + 1;
                return;
            }

            _total.Add(outcome.Total);
            if (outcome.FirstToken is { } firstToken)
            {
                _firstToken.Add(firstToken);
            }
        }
    }

    public ReplayProgress Progress
    {
        get
        {
            lock (_gate)
            {
                return _progress;
            }
        }
    }

    /// <summary>What was counted so far.</summary>
    public ReplayReport Report(TimeSpan elapsed, int maxInFlight)
    {
        lock (_gate)
        {
            return new ReplayReport
            {
                Calls = new ReplayCalls(
                    _progress.Sent,
                    _progress.Ended - _progress.Failed - _progress.Refused - _progress.Abandoned,
                    _progress.Refused, _progress.Failed, _progress.Abandoned),
                ElapsedSeconds = Math.Round(elapsed.TotalSeconds, 3),
                OpenLoop = new OpenLoop(maxInFlight, _progress.HeldBack, Percentiles.Of(_lateness)),
                FirstTokenMs = Percentiles.Of(_firstToken),
                TotalMs = Percentiles.Of(_total),
                Errors = [.. _errors
                    .OrderByDescending(error => error.Value)
                    .Select(error => new ReplayErrors(error.Key.Status, error.Key.Code, error.Value))],
                Providers = [.. _providers.OrderBy(provider => provider.Key).Select(provider => provider.Value)],
            };
        }
    }

    void CountProvider(in ReplayOutcome outcome)
    {
        if (outcome.Provider is not { } name)
        {
            return;
        }

        name = _providers.ContainsKey(name) || _providers.Count < MaxKinds ? name : Rest;
        var total = _providers.GetValueOrDefault(name) ?? new ProviderTotal(name, 0, 0, 0, 0, 0, null);
        _providers[name] = total with
        {
            Calls = total.Calls + 1,
            PromptTokens = total.PromptTokens + outcome.Usage.Prompt,
            CachedTokens = total.CachedTokens + outcome.Usage.Cached,
            CacheWriteTokens = total.CacheWriteTokens + outcome.Usage.CacheWritten,
            OutputTokens = total.OutputTokens + outcome.Usage.Output,
        };
    }
}

/// <summary>How far a replay has come.</summary>
/// <param name="HeldBack">Requests that could not be sent when due, because too many calls were in flight.</param>
internal readonly record struct ReplayProgress(
    long Sent, long Ended, long Refused, long Failed, long Abandoned, long HeldBack)
{
    public long InFlight => Sent - Ended;
}
