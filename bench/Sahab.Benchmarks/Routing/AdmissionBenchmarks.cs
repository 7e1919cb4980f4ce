using BenchmarkDotNet.Attributes;
using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;

namespace Sahab.Benchmarks.Routing;

/// <summary>What a key's limits cost a call: admitted and settled, refused, unlimited.</summary>
[MemoryDiagnoser]
public class AdmissionBenchmarks
{
    private readonly KeyLimiter _wide = new(new Limits
    {
        RequestsPerMinute = int.MaxValue,
        TokensPerMinute = 1L << 50,
        Concurrency = 1_000,
    });

    private readonly KeyLimiter _full = new(new Limits { RequestsPerMinute = 100, TokensPerMinute = 50_000 });
    private readonly KeyLimiter _unlimited = new(Limits.None);
    private RoutingSnapshot _snapshot = RoutingSnapshot.Empty;
    private long _nowMs = 1_000_000;

    [GlobalSetup]
    public void Fill()
    {
        for (var call = 0; call < 100; call++)
        {
            _full.TryAdmit(400, _nowMs + (call * 600), out _);
        }

        _nowMs += 59_900;
        _snapshot = new RoutingSnapshotBuilder().AddModel("gpt-4o-mini").AddAlias("small", "gpt-4o-mini").Build();
    }

    [Benchmark(Baseline = true)]
    public bool AdmitAndSettle()
    {
        _wide.TryAdmit(1_200, _nowMs, out var lease);
        return lease.Settle(900, _nowMs);
    }

    [Benchmark]
    public long Refuse() => _full.TryAdmit(400, _nowMs, out _).RetryAfterMs;

    [Benchmark]
    public bool AdmitUnlimited() => _unlimited.TryAdmit(1_200, _nowMs, out _).Admitted;

    [Benchmark]
    public bool FindModel() => _snapshot.TryGetModel("gpt-4o-mini"u8, out _);
}
