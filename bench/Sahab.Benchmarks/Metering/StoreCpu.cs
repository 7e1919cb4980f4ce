using System.Diagnostics;
using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Benchmarks.Metering;

/// <summary>
/// The CPU time of posting an event to SQLite at the batch sizes of the loop, and how long the questions take on many
/// rows: <c>store-cpu [ROWS [contracts]]</c>; with contracts, all usage is posted by one with a discount.
/// </summary>
internal static class StoreCpu
{
    const int DefaultRows = 1_000_000;

    public static async Task RunAsync(TextWriter output, string[] args)
    {
        var rows = args is [_, var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : DefaultRows;
        var timeline = Book(args is [.., "contracts"]).KnownAt(DateTimeOffset.MaxValue);
        var folder = Directory.CreateTempSubdirectory("sahab-bench").FullName;
        try
        {
            await using var database = new SqliteDatabase(Path.Combine(folder, "sahab.db"));
            await database.MigrateAsync(TimeProvider.System, CancellationToken.None);
            var store = new UsageStore(database, () => timeline);
            var posted = 0;
            foreach (var batch in (int[])[200, 1000, 5000])
            {
                posted += await PostAsync(output, store, posted, batch, batch * 20);
            }

            posted += await PostAsync(output, store, posted, 5000, rows - posted);
            var megabytes = new FileInfo(Path.Combine(folder, "sahab.db")).Length / 1e6;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{posted} events, {megabytes:0} MB"));
            await AskAsync(output, store);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static ContractBook Book(bool withContracts) => !withContracts
        ? ContractBook.Empty
        : new ContractBook(
            SampleEvents.Providers.Select(provider => new Contract
            {
                Id = provider,
                Provider = provider,
                Versions =
                [
                    new ContractVersion
                    {
                        Number = 1,
                        ValidFrom = DateTimeOffset.UnixEpoch,
                        KnownFrom = DateTimeOffset.UnixEpoch,
                        Clauses = [new Rate { Id = "rate", Source = new ClauseSource("MSA.pdf", 1), Discount = 0.1m }],
                    },
                ],
            }),
            []);

    static async Task<int> PostAsync(TextWriter output, UsageStore store, int from, int batch, int count)
    {
        var random = new Random(from);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var process = Process.GetCurrentProcess();
        var cpu = TimeSpan.Zero;
        for (var done = 0; done < count; done += batch)
        {
            var events = Enumerable.Range(from + done, batch)
                .Select(number => SampleEvents.Make(random, start.AddMilliseconds(number * 500L)))
                .ToList();
            process.Refresh();
            var before = process.TotalProcessorTime;
            await store.PostAsync(Guid.Empty, from + done + 1, events, CancellationToken.None);
            process.Refresh();
            cpu += process.TotalProcessorTime - before;
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"posting {count,8} in batches of {batch,4}: {cpu.TotalMicroseconds / count,6:0.0} us CPU an event"));
        return count;
    }

    static async Task AskAsync(TextWriter output, UsageStore store)
    {
        await TimeAsync(output, "total", () => store.TotalsAsync(new UsageQuery(), [], CancellationToken.None));
        await TimeAsync(output, "by provider", () => store.TotalsAsync(
            new UsageQuery(), [UsageDimension.Provider], CancellationToken.None));
        await TimeAsync(output, "by hour and model", () => store.TotalsAsync(
            new UsageQuery(), [UsageDimension.Hour, UsageDimension.Model], CancellationToken.None));
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await TimeAsync(output, "one hour by key", () => store.TotalsAsync(
            new UsageQuery { From = start.AddHours(5), To = start.AddHours(6) },
            [UsageDimension.Key],
            CancellationToken.None));
        await TimeAsync(output, "last 100 events", () => store.EventsAsync(
            new UsageQuery(), before: null, 100, CancellationToken.None));
        await TimeAsync(output, "balances", () => store.BalancesAsync(CancellationToken.None));
    }

    static async Task TimeAsync<T>(TextWriter output, string name, Func<Task<List<T>>> ask)
    {
        await ask();
        var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await ask();
        var wall = clock.Elapsed;
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,20}: {cpu.TotalMilliseconds,8:0.0} ms CPU, {wall.TotalMilliseconds,8:0.0} ms wall"));
    }
}
