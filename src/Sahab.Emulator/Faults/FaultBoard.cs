using System.Collections.Immutable;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Faults;

/// <summary>The faults in force. Changes are serialised; calls read a snapshot.</summary>
internal sealed class FaultBoard(TimeProvider time, ulong seed, Func<IReadOnlyList<Fault>, Task> onChange)
    : IAsyncDisposable
{
    /// <summary>Faults in force at once.</summary>
    public const int MaxFaults = 256;

    readonly SemaphoreSlim _gate = new(1);
    readonly Dictionary<string, ITimer> _timers = [];
    ImmutableArray<Fault> _active = [];
    int _lastId;

    public ImmutableArray<Fault> Active => _active;

    /// <summary>Puts a fault in force; null when there are too many.</summary>
    public async Task<Fault?> AddAsync(FaultSpec spec)
    {
        await _gate.WaitAsync();
        try
        {
            if (_active.Length >= MaxFaults)
            {
                return null;
            }
            var id = $"f{++_lastId}";
            var span = spec.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            var fault = new Fault(id, spec, time.GetUtcNow() + span);
            _active = _active.Add(fault);
            if (span is { } duration)
            {
                _timers[id] = time.CreateTimer(
                    _ => _ = RemoveAsync(f => f.Id == id), null, duration, Timeout.InfiniteTimeSpan);
            }
            await onChange(_active);
            return fault;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Ends the faults that the condition names; tells how many.</summary>
    public async Task<int> RemoveAsync(Predicate<Fault> which)
    {
        await _gate.WaitAsync();
        try
        {
            var removed = _active.Where(f => which(f)).ToList();
            foreach (var fault in removed)
            {
                if (_timers.Remove(fault.Id, out var timer))
                {
                    await timer.DisposeAsync();
                }
            }
            _active = _active.RemoveRange(removed);
            if (removed.Count > 0)
            {
                await onChange(_active);
            }
            return removed.Count;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Draws what strikes a call. The ordinal makes the draws of two calls differ.</summary>
    public FaultDraw Draw(string cloud, string region, string model, ulong ordinal)
    {
        var active = _active;
        var draw = FaultDraw.Nothing;
        if (active.IsEmpty)
        {
            return draw;
        }
        var random = new SeededRandom(SeededRandom.Mix(seed, ordinal));
        foreach (var fault in active)
        {
            var spec = fault.Spec;
            if (spec.Cloud == cloud && (spec.Region ?? region) == region && (spec.Model ?? model) == model
                && random.NextDouble() < spec.Rate)
            {
                draw = draw.With(spec);
            }
        }
        return draw;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var timer in _timers.Values)
        {
            await timer.DisposeAsync();
        }
        _timers.Clear();
    }
}
