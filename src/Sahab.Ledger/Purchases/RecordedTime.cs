namespace Sahab.Ledger.Purchases;

/// <summary>
/// Time that never goes back: the latest instant that was ever read from the clock, kept with whatever it dates. A
/// clock that is set back stands still here until it has caught up, so it neither shortens a window that begins now nor
/// opens one again that has ended.
/// </summary>
/// <param name="Latest">The latest instant that was read.</param>
public readonly record struct RecordedTime(DateTimeOffset Latest)
{
    /// <summary>The time after the clock was read again.</summary>
    public RecordedTime Read(DateTimeOffset clock) => clock > Latest ? new RecordedTime(clock) : this;
}
