using System.Diagnostics.Metrics;

namespace Sahab.Server.Sell.Metering;

/// <summary>What posting is doing, as metrics of the meter <c>Sahab.Sell</c>.</summary>
internal sealed class UsageInstruments
{
    public const string MeterName = "Sahab.Sell";

    readonly Counter<long> _posted;
    readonly Counter<long> _repeated;
    readonly Counter<long> _failures;
    readonly Counter<long> _damaged;

    public UsageInstruments(IMeterFactory meters, Journal journal)
    {
        var meter = meters.Create(MeterName);
        _posted = meter.CreateCounter<long>("sahab.sell.posting.events", "{event}", "Usage events posted.");
        _repeated = meter.CreateCounter<long>(
            "sahab.sell.posting.repeated", "{event}", "Usage events met again after they were posted, and dropped.");
        _failures = meter.CreateCounter<long>(
            "sahab.sell.posting.failures", "{failure}", "Attempts at posting that failed and were tried again.");
        _damaged = meter.CreateCounter<long>(
            "sahab.sell.journal.damaged", "{group}", "Journal groups found damaged or missing.");
        meter.CreateObservableGauge(
            "sahab.sell.journal.pending", () => journal.Pending, "{event}", "Events waiting to be committed.");
        meter.CreateObservableGauge(
            "sahab.sell.journal.unposted",
            () => journal.CommittedPosition - journal.PostedPosition,
            "{group}",
            "Committed groups that are not posted yet.");
        meter.CreateObservableGauge(
            "sahab.sell.journal.healthy", () => journal.IsHealthy ? 1 : 0, "1", "1 while the journal can be written.");
        meter.CreateObservableGauge(
            "sahab.sell.posting.lag",
            () => Lag().TotalSeconds,
            "s",
            "For how long there has been something to post.");
    }

    /// <summary>For how long there has been something to post; the loop sets it.</summary>
    public Func<TimeSpan> Lag { get; set; } = static () => TimeSpan.Zero;

    public void Posted(int posted, int repeated)
    {
        _posted.Add(posted);
        if (repeated > 0)
        {
            _repeated.Add(repeated);
        }
    }

    public void Failed() => _failures.Add(1);

    public void Damaged(long groups) => _damaged.Add(groups);
}
