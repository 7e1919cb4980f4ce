namespace Sahab.Emulator.Engine;

/// <summary>
/// A per-minute limit as a bucket that fills evenly and holds what one window allows. Not thread-safe.
/// </summary>
internal sealed class RateBucket(double perMinute, double windowMs)
{
    readonly double _size = Math.Max(1, perMinute * windowMs / 60_000);
    readonly double _perMs = perMinute / 60_000;
    double _level = Math.Max(1, perMinute * windowMs / 60_000);
    double _filledAtMs;

    public double Limit => perMinute;

    public double Size => _size;

    public double ReadLevel(double nowMs)
    {
        _level = Math.Min(_size, _level + (nowMs - _filledAtMs) * _perMs);
        _filledAtMs = nowMs;
        return _level;
    }

    public double MsUntil(double amount, double nowMs) => Math.Max(0, (amount - ReadLevel(nowMs)) / _perMs);

    public void Take(double amount) => _level -= amount;
}
