using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;

namespace Sahab.Benchmarks.Metering;

/// <summary>The process's CPU time for an append, everything included: the caller, the writer, the pool.</summary>
internal static class AppendCpu
{
    const int Rounds = 3;
    const int Appends = 100_000;

    public static async Task RunAsync(TextWriter output)
    {
        foreach (var appenders in (int[])[1, 8, 64, 512])
        {
            var best = double.MaxValue;
            var line = "";
            for (var round = 0; round < Rounds; round++)
            {
                var (cpu, wall, bytes) = await MeasureAsync(appenders, Math.Min(Appends, appenders * 1000));
                if (cpu < best)
                {
                    best = cpu;
                    line = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{appenders,4} appenders: {cpu,7:0.00} us CPU, {wall,8:0.00} us wall, {bytes,6:0.0} B");
                }
            }

            await output.WriteLineAsync(line + " an append");
        }
    }

    static async Task<(double Cpu, double Wall, double Bytes)> MeasureAsync(int appenders, int appends)
    {
        var folder = Directory.CreateTempSubdirectory("sahab-bench").FullName;
        try
        {
            var options = new JournalOptions { Path = Path.Combine(folder, "journal.db") };
            await using var journal = Journal.Open(options, NullLogger<Journal>.Instance);
            var events = SampleEvents.Make(appends);
            await AppendAllAsync(journal, events[..(appends / 4)], appenders);
            var process = Process.GetCurrentProcess();
            var before = process.TotalProcessorTime;
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            var clock = Stopwatch.StartNew();
            await AppendAllAsync(journal, events, appenders);
            var wall = clock.Elapsed;
            bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
            process.Refresh();
            var cpu = process.TotalProcessorTime - before;
            return (cpu.TotalMicroseconds / appends, wall.TotalMicroseconds / appends, (double)bytes / appends);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static Task AppendAllAsync(Journal journal, UsageEvent[] events, int appenders)
    {
        var workers = new Task[appenders];
        for (var worker = 0; worker < appenders; worker++)
        {
            workers[worker] = AppendShareAsync(journal, events, worker, appenders);
        }

        return Task.WhenAll(workers);
    }

    static async Task AppendShareAsync(Journal journal, UsageEvent[] events, int worker, int appenders)
    {
        for (var i = worker; i < events.Length; i += appenders)
        {
            await journal.AppendAsync(events[i]);
        }
    }
}
