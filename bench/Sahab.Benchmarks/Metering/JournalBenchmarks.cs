using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;

namespace Sahab.Benchmarks.Metering;

/// <summary>
/// What an append costs in wall time and allocated bytes. Its CPU time, the writer's and the pool's threads included,
/// is what the argument <c>append-cpu</c> measures (<see cref="AppendCpu"/>).
/// </summary>
[MemoryDiagnoser]
public class JournalBenchmarks
{
    const int Appends = 4096;

    string _folder = "";
    Journal _journal = null!;
    UsageEvent[] _events = [];

    [Params(1, 64)]
    public int Appenders { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _folder = Directory.CreateTempSubdirectory("sahab-bench").FullName;
        _journal = Journal.Open(
            new JournalOptions { Path = Path.Combine(_folder, "journal.db"), MaxBytes = 64L << 30 },
            NullLogger<Journal>.Instance);
        _events = SampleEvents.Make(Appends);
    }

    [GlobalCleanup]
    public async Task Close()
    {
        await _journal.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = Appends)]
    public Task Append()
    {
        var workers = new Task[Appenders];
        for (var worker = 0; worker < Appenders; worker++)
        {
            workers[worker] = AppendShare(worker);
        }

        return Task.WhenAll(workers);
    }

    async Task AppendShare(int worker)
    {
        for (var i = worker; i < _events.Length; i += Appenders)
        {
            await _journal.AppendAsync(_events[i]);
        }
    }
}
