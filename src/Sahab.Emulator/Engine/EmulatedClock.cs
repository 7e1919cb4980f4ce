namespace Sahab.Emulator.Engine;

/// <summary>Monotonic time that runs <see cref="Speed"/> times as fast as the real one.</summary>
internal sealed class EmulatedClock(TimeProvider time, double speed)
{
    readonly long _start = time.GetTimestamp();

    public double Speed { get; } = speed;

    public TimeProvider Time { get; } = time;

    /// <summary>Real milliseconds since the start.</summary>
    public double RealMs => Time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>Emulated milliseconds since the start.</summary>
    public double NowMs => RealMs * Speed;

    /// <summary>What an emulated span is for a client's watch.</summary>
    public double ToRealMs(double emulatedMs) => emulatedMs / Speed;

    public long UnixSeconds => Time.GetUtcNow().ToUnixTimeSeconds();
}
