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

    public ulong NextOrdinal() => (ulong)Interlocked.Increment(ref _calls);

    /// <summary>An id that no other call has, in this run or the next.</summary>
    public string NameCall(ulong ordinal) => $"req_{SeededRandom.Mix(_epoch, ordinal):x16}";
}
