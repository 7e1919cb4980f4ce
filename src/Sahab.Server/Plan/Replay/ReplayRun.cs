using Sahab.Planning.Traces;
using Sahab.Routing.Decisions;

namespace Sahab.Server.Plan.Replay;

/// <summary>
/// Plays a trace as an open loop: each request is sent when it is due, whether or not earlier ones have ended, as
/// people do who know nothing of each other. Only the bound on calls in flight can hold one back, and that is counted.
/// </summary>
internal sealed class ReplayRun(ReplayOptions options, TimeProvider time) : IDisposable
{
    /// <summary>A timer takes no longer interval than 49 days; this is ample.</summary>
    static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>What a trace without any interval is repeated at.</summary>
    static readonly TimeSpan IntervalOfOne = TimeSpan.FromSeconds(1);

    readonly ReplayTally _tally = new();
    readonly SemaphoreSlim _slots = new(options.MaxInFlight);
    readonly ReplaySender _sender = new(options, time);
    readonly PromptBook _prompts = new(options.Seed);
    readonly long _start = time.GetTimestamp();
    RandomSource _random = new(options.Seed + 1);
    TimeSpan _heldUntil;

    public ReplayProgress Progress => _tally.Progress;

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    /// <summary>Runs to the end of the trace, or until told to stop, when calls in flight are given up.</summary>
    /// <exception cref="TraceException">The trace is not valid.</exception>
    public async Task<ReplayReport> RunAsync(CancellationToken stop)
    {
        try
        {
            await SendAllAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was sent until now is reported.
        }

        for (var i = 0; i < options.MaxInFlight; i++)
        {
            await _slots.WaitAsync(CancellationToken.None);
        }

        return _tally.Report(Elapsed, options.MaxInFlight);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _slots.Dispose();
    }

    async Task SendAllAsync(CancellationToken stop)
    {
        var (begin, sent) = (TimeSpan.Zero, 0L);
        do
        {
            var (last, count) = (TimeSpan.Zero, 0L);
            foreach (var request in TraceReader.Read(options.Trace))
            {
                var due = begin + (request.At / options.Speed);
                if (sent == options.Limit || due >= options.Duration)
                {
                    return;
                }

                await WaitUntilAsync(due, stop);
                await SendAsync(request, due, stop);
                (last, count, sent) = (due, count + 1, sent + 1);
            }

            // The next round begins as if the trace went on, one mean interval after its last request.
            begin = last + (last > begin ? (last - begin) / (count - 1) : IntervalOfOne);
        }
        while (options.Loop);
    }

    async Task WaitUntilAsync(TimeSpan due, CancellationToken stop)
    {
        for (var wait = due - Elapsed; wait > TimeSpan.Zero; wait = due - Elapsed)
        {
            await Task.Delay(wait < LongestWait ? wait : LongestWait, time, stop);
        }
    }

    async Task SendAsync(TraceRequest request, TimeSpan due, CancellationToken stop)
    {
        // Both are drawn for every request, so that the same seed gives the same calls however the run goes.
        var source = _prompts.Next();
        var isStream = _random.NextDouble() < options.StreamShare;
        if (!_slots.Wait(0, CancellationToken.None))
        {
            await _slots.WaitAsync(stop);
            _heldUntil = Elapsed;
        }

        if (due < _heldUntil)
        {
            // Also those that stood behind the one that waited.
            _tally.CountHeldBack();
        }

        _tally.CountSent(Elapsed - due);
        var dueTimestamp = _start + (long)(due.TotalSeconds * time.TimestampFrequency);
        _ = FinishAsync(_sender.SendAsync(request, source, isStream, dueTimestamp, stop));
    }

    async Task FinishAsync(Task<ReplayOutcome> call)
    {
        try
        {
            _tally.Count(await call);
        }
        finally
        {
            _slots.Release();
        }
    }
}
