using BenchmarkDotNet.Attributes;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;

namespace Sahab.Benchmarks.Routing;

/// <summary>The queue in use: as many calls wait as stated, one comes and one goes.</summary>
[MemoryDiagnoser]
public class FairQueueBenchmarks
{
    private readonly string[] _tenants = [.. Enumerable.Range(0, 100).Select(tenant => "tenant-" + tenant)];
    private readonly QueueTicket<int>[] _first = new QueueTicket<int>[16];
    private FairQueue<int> _queue = new(0);
    private int _call;

    /// <summary>Calls that wait all the while.</summary>
    [Params(100, 1_000)]
    public int Waiting { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        _queue = new FairQueue<int>(Waiting);
        for (var call = 0; call < Waiting; call++)
        {
            Enqueue();
        }
    }

    [Benchmark(Baseline = true)]
    public bool TakeFirstAndEnqueue()
    {
        _queue.Peek(_first.AsSpan(0, 1));
        var taken = _queue.Take(_first[0]);
        Enqueue();
        return taken;
    }

    [Benchmark]
    public int PeekSixteen() => _queue.Peek(_first);

    [Benchmark]
    public QueueTicket<int>? EnqueueIntoFull() => Enqueue();

    private QueueTicket<int>? Enqueue()
    {
        _call++;
        return _queue.Enqueue(
            _call,
            (ServiceTier)(_call % 3),
            _tenants[_call * 7 % _tenants.Length],
            1 + (_call % 3),
            200 + (_call % 1_000),
            long.MaxValue,
            out _);
    }
}
