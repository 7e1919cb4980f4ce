using Sahab.Ledger.Purchases;

namespace Sahab.Server.Source.Purchases;

/// <summary>
/// The time by which notice windows run: the wall clock, but never ahead of what has really passed since this process
/// began. A clock that is set forward ends no window early while the server runs; one that is set back stands still in each
/// purchase until it has caught up.
/// </summary>
internal sealed class WindowClock(TimeProvider time)
{
    readonly DateTimeOffset _start = time.GetUtcNow();
    readonly long _counter = time.GetTimestamp();

    public RecordedTime Now
    {
        get
        {
            var (wall, passed) = (time.GetUtcNow(), _start + time.GetElapsedTime(_counter));
            return new RecordedTime(wall < passed ? wall : passed);
        }
    }
}
