using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Engine;

/// <summary>What all clouds of a process share: configuration, time, faults, and the numbering of calls.</summary>
internal sealed class Emulation(EmulatorConfig config, EmulatedClock clock, Ticker ticker)
{
    readonly ulong _epoch = SeededRandom.Mix((ulong)config.Seed, (ulong)clock.Time.GetUtcNow().Ticks);
    long _calls;

    public EmulatorConfig Config { get; } = config;

    public ulong Seed { get; } = (ulong)config.Seed;

    public EmulatedClock Clock { get; } = clock;

    public Ticker Ticker { get; } = ticker;

    public required FaultBoard Faults { get; init; }

    public required IReadOnlyDictionary<string, Cloud> Clouds { get; init; }

    /// <summary>Why a fault cannot be had; null when it can.</summary>
    public string? FindProblem(FaultSpec spec)
    {
        if (!Clouds.TryGetValue(spec.Cloud, out var cloud))
        {
            return $"cloud must be one of: {string.Join(", ", Clouds.Keys)}";
        }
        if (spec.Region is { } region && !cloud.Config.Regions.ContainsKey(region))
        {
            return $"region must be one of: {string.Join(", ", cloud.Config.Regions.Keys)}";
        }
        if (spec.Model is { } model && !cloud.Config.Models.ContainsKey(model))
        {
            return $"model must be one of: {string.Join(", ", cloud.Config.Models.Keys)}";
        }
        return spec.FindError();
    }

    public ulong NextOrdinal() => (ulong)Interlocked.Increment(ref _calls);

    /// <summary>An id that no other call has, in this run or the next.</summary>
    public string NameCall(ulong ordinal) => $"req_{SeededRandom.Mix(_epoch, ordinal):x16}";
}
