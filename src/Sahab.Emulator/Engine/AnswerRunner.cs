using Sahab.Emulator.Billing;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Engine;

/// <summary>Lets one admitted call take its time, break as its faults say, and settle once.</summary>
internal sealed class AnswerRunner(
    Call call, Generation generation, Ticket ticket, CallChannel channel, Emulation emulation)
{
    /// <summary>The longest time between two looks at whether anybody is still there, in real milliseconds.</summary>
    const double LookMs = 50;

    /// <summary>Unflushed bytes after which a stream that runs late or without latency is flushed.</summary>
    const int FlushBytes = 16 * 1024;

    readonly Ticker.Wait _wait = new();
    readonly EmulatedClock _clock = emulation.Clock;
    SeededRandom _random = new(SeededRandom.Mix(emulation.Seed, call.Ordinal));
    Usage _told;
    Usage _delivered;
    bool _anyTold;
    bool _anyDelivered;
    long _produced;
    long _reasoning;

    CloudDeployment Deployment => call.Deployment;

    Pace Pace => new(Deployment.Profile, call.Faults.SlowFactor);

    Usage Produced => generation.ToUsage(_produced, _reasoning);

    /// <summary>Waits in the deployment's queue for a place; false when the call ended there.</summary>
    public async Task<bool> EnterAsync()
    {
        while (!ticket.Entered)
        {
            if (call.Killed || channel.ClientGone)
            {
                return false;
            }
            await emulation.Ticker.WaitUntil(_wait, _clock.RealMs + Ticker.SlotMs);
        }
        var known = generation.Blocks.Sum(CountCached);
        generation.CachedTokens = Math.Max(0, Math.Min(known, generation.PromptTokens - 1));
        generation.CacheWrittenTokens = CountWritten();
        return true;
    }

    /// <summary>Whole blocks that the cache did not hold, of a prompt that is long enough to be kept.</summary>
    int CountWritten()
    {
        var traits = call.Cloud.Traits;
        var whole = generation.PromptTokens / traits.CacheBlockTokens * traits.CacheBlockTokens;
        return generation.CacheMark != CacheMark.None && whole >= traits.CacheMinTokens
            ? Math.Max(0, whole - generation.CachedTokens)
            : 0;
    }

    /// <summary>
    /// Takes the time of a whole answer. True when it may be sent: then it is in the books already, for it was
    /// generated whether or not the client still waits.
    /// </summary>
    public async Task<bool> AnswerAsync()
    {
        var dueMs = _clock.NowMs;
        if (emulation.Config.Latency == Latency.Realistic)
        {
            dueMs += FirstTokenMs();
            dueMs += Math.Max(0, generation.Steps - 1) * Pace.StepMs(call.Gate.Load, ref _random);
        }
        var broken = call.Faults.Break?.Kind;
        var isPresent = await PassAsync(dueMs, leaveWithClient: false);
        (_produced, _reasoning) = (generation.Usage.Output, generation.Usage.Reasoning);
        if (isPresent && broken == FaultKind.Stall)
        {
            await StallAsync();
            isPresent = false;
        }
        if (!isPresent || broken is FaultKind.Cut or FaultKind.ErrorIn200)
        {
            Settle(CallOutcome.Broken);
            return isPresent;
        }
        Settle(CallOutcome.Answered);
        return true;
    }

    /// <summary>Streams a whole answer, or as much of it as the faults allow.</summary>
    public async Task StreamAsync(IStreamFrames frames, bool tellsRunningUsage)
    {
        var dueMs = _clock.NowMs + (emulation.Config.Latency == Latency.Realistic ? FirstTokenMs() : 0);
        var breakAt = DrawBreak();
        if (!await PaceAsync(dueMs))
        {
            await EndEarlyAsync();
            return;
        }
        await channel.StartAsync();
        if (breakAt == 0 && await BreakAsync(frames))
        {
            return;
        }
        frames.Open(channel.Writer, Tell(tellsRunningUsage));
        for (var step = 0; step < generation.Steps; step++)
        {
            if (step > 0 && emulation.Config.Latency == Latency.Realistic)
            {
                dueMs += Pace.StepMs(call.Gate.Load, ref _random);
            }
            if (!await PaceAsync(dueMs))
            {
                await EndEarlyAsync();
                return;
            }
            for (var choice = 0; choice < generation.Choices.Length; choice++)
            {
                if (Write(frames, choice, step, tellsRunningUsage) && _produced == breakAt && await BreakAsync(frames))
                {
                    return;
                }
            }
        }
        // Nothing can go wrong for the books from here on: a client that leaves now is billed the same.
        Settle(CallOutcome.Answered);
        frames.Close(channel.Writer, call.Faults.ToReported(Produced));
        await channel.FlushAsync();
    }

    /// <summary>Whatever ended the call, the books know of it; does nothing when they do already.</summary>
    public void SettleUnfinished() => Settle(channel.ClientGone ? CallOutcome.ClientLeft : CallOutcome.Broken);

    int CountCached(ulong[] blocks)
    {
        var tokens = Deployment.Cache.Touch(blocks) * call.Cloud.Traits.CacheBlockTokens;
        return tokens < call.Cloud.Traits.CacheMinTokens ? 0 : tokens;
    }

    double FirstTokenMs() =>
        Pace.FirstTokenMs(generation.PromptTokens - generation.CachedTokens, call.Gate.Load, ref _random);

    bool Write(IStreamFrames frames, int choice, int step, bool tellsRunningUsage)
    {
        var sequence = generation.Choices[choice];
        if (step >= sequence.Count)
        {
            return false;
        }
        _produced++;
        _reasoning += step < sequence.ReasoningTokens ? 1 : 0;
        var piece = sequence.At(step);
        if (piece.Kind != PieceKind.Hidden)
        {
            frames.Token(channel.Writer, choice, step, piece, Tell(tellsRunningUsage));
        }
        return true;
    }

    Usage? Tell(bool tellsRunningUsage)
    {
        _told = Produced;
        _anyTold = true;
        return tellsRunningUsage ? call.Faults.ToReported(_told) : null;
    }

    /// <summary>After how many tokens the answer breaks; -1 for never.</summary>
    long DrawBreak()
    {
        if (call.Faults.Break is not { } spec)
        {
            return -1;
        }
        var total = generation.OutputTokens;
        var drawn = spec.Kind == FaultKind.Stall ? 1 : 1 + (long)(_random.NextDouble() * Math.Max(1, total - 1));
        return Math.Min(total, spec.AfterTokens ?? drawn);
    }

    async Task<bool> BreakAsync(IStreamFrames frames)
    {
        if (!await FlushAsync())
        {
            await EndEarlyAsync();
            return true;
        }
        switch (call.Faults.Break!.Value.Kind)
        {
            case FaultKind.Stall:
                await StallAsync();
                Settle(CallOutcome.Broken);
                await channel.CutAsync();
                break;
            case FaultKind.ErrorIn200:
                Settle(CallOutcome.Broken);
                frames.Fail(channel.Writer, "The server had an error while processing your request.");
                await channel.FlushAsync();
                break;
            default:
                Settle(CallOutcome.Broken);
                await channel.CutAsync();
                break;
        }
        return true;
    }

    async Task StallAsync()
    {
        while (!call.Killed && !channel.ClientGone)
        {
            await emulation.Ticker.WaitUntil(_wait, _clock.RealMs + LookMs);
        }
    }

    async Task EndEarlyAsync()
    {
        if (call.Killed)
        {
            await FlushAsync();
            Settle(CallOutcome.Broken);
            await channel.CutAsync();
            return;
        }
        Settle(CallOutcome.ClientLeft);
    }

    async ValueTask<bool> PaceAsync(double dueMs)
    {
        var isLate = _clock.NowMs >= dueMs;
        if (channel.Unflushed > (isLate ? FlushBytes : 0) && !await FlushAsync())
        {
            return false;
        }
        return isLate ? !call.Killed && !channel.ClientGone : await PassAsync(dueMs, leaveWithClient: true);
    }

    async ValueTask<bool> PassAsync(double dueMs, bool leaveWithClient)
    {
        while (!call.Killed && !(leaveWithClient && channel.ClientGone))
        {
            var leftMs = _clock.ToRealMs(dueMs - _clock.NowMs);
            if (leftMs <= 0)
            {
                return true;
            }
            await emulation.Ticker.WaitUntil(_wait, _clock.RealMs + Math.Min(leftMs, LookMs));
        }
        return false;
    }

    async ValueTask<bool> FlushAsync()
    {
        var (told, anyTold) = (_told, _anyTold);
        if (!await channel.FlushAsync())
        {
            return false;
        }
        (_delivered, _anyDelivered) = (told, anyTold);
        return true;
    }

    void Settle(CallOutcome outcome)
    {
        call.Settle(outcome, Produced, _anyDelivered ? _delivered : Usage.None, _clock.Time.GetUtcNow());
        // Before the last byte leaves: a client that sees the end may count on the place being free.
        call.Gate.Leave(ticket);
    }
}
