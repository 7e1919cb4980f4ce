using System.Diagnostics.Metrics;

namespace Sahab.Server.Source.Commitments;

/// <summary>What the settlement is doing, as metrics of the meter <c>Sahab.Source</c>.</summary>
internal sealed class SettlementInstruments
{
    public const string MeterName = "Sahab.Source";

    readonly Counter<long> _failures;

    public SettlementInstruments(IMeterFactory meters, CommitmentBooks books, TimeProvider time)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>(
            "sahab.source.settlement.failures", "{failure}", "Rounds of the settlement that failed and were tried again.");
        meter.CreateObservableGauge(
            "sahab.source.settlement.lag",
            () => books.SettledUntil == DateTimeOffset.MinValue ? 0 : (time.GetUtcNow() - books.SettledUntil).TotalSeconds,
            "s",
            "Since the end of the last hour that is settled, here or on another node; 0 where none is.");
    }

    public void Failed() => _failures.Add(1);
}
