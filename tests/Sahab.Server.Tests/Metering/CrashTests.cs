using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Crash;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Tests.Metering;

/// <summary>A process that appends is killed at random moments; then its files are looked at.</summary>
public sealed class CrashTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_event_acknowledged_before_a_kill_is_in_the_journal_exactly_once()
    {
        var random = new Random(1);
        var acknowledged = new HashSet<Guid>();
        for (var round = 0; round < 20; round++)
        {
            acknowledged.UnionWith(await RunAndKillAsync("journal", round, random.Next(1, 150)));
        }

        acknowledged.Count.ShouldBeGreaterThan(20);
        await using var journal = OpenJournal();
        var found = await JournalTests.ReadAllAsync(journal);
        var ids = found.Select(usage => usage.EventId).ToHashSet();
        ids.Count.ShouldBe(found.Count, "an event is there twice");
        acknowledged.Except(ids).ShouldBeEmpty();
        AssertUnharmed(found);
    }

    [Fact]
    public async Task Every_event_acknowledged_before_a_kill_is_posted_exactly_once()
    {
        var random = new Random(2);
        var acknowledged = new HashSet<Guid>();
        for (var round = 0; round < 10; round++)
        {
            // Long enough for some transactions of the store, which begin every 200 ms.
            acknowledged.UnionWith(await RunAndKillAsync("post", round, random.Next(50, 900)));
        }

        acknowledged.Count.ShouldBeGreaterThan(100);
        await using var journal = OpenJournal();
        await using var database = new SqliteDatabase(_folder.File(MeteringModule.StoreFileName));
        var store = new UsageStore(database);
        using var loop = UsageLoopTests.CreateLoop(journal, store);
        await loop.DrainAsync(CancellationToken.None);

        var posted = await UsageStoreTests.ReadAllAsync(store);
        var ids = posted.Select(usage => usage.EventId).ToHashSet();
        ids.Count.ShouldBe(posted.Count);
        acknowledged.Except(ids).ShouldBeEmpty();
        AssertUnharmed(posted);
        await UsageStoreTests.AssertLedgerFollowsFromEventsAsync(store);
    }

    [Fact]
    public async Task A_process_that_cannot_grow_its_file_says_so_and_goes_on_when_it_can()
    {
        // The limit makes writes fail with an input/output error. The runtime's own big files must not meet it.
        using var process = Start(
            "journal", 1, "export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -S -f 200; ");
        var acknowledged = new HashSet<Guid>();
        var failure = await ReadUntilAsync(
            process, acknowledged, line => line.StartsWith("failed", StringComparison.Ordinal));
        failure.ShouldContain("The journal could not be written");
        var before = acknowledged.Count;

        using var limit = Process.Start(
            "prlimit", ["--pid", process.Id.ToString(CultureInfo.InvariantCulture), "--fsize=unlimited:unlimited"]);
        await limit.WaitForExitAsync();
        limit.ExitCode.ShouldBe(0);
        await ReadUntilAsync(process, acknowledged, _ => acknowledged.Count > before + 100);
        process.Kill();
        await DrainOutputAsync(process, acknowledged);

        await using var journal = OpenJournal();
        var found = (await JournalTests.ReadAllAsync(journal)).Select(usage => usage.EventId).ToList();
        found.ShouldBeUnique();
        acknowledged.Except(found).ShouldBeEmpty();
    }

    static void AssertUnharmed(List<UsageEvent> events)
    {
        foreach (var usage in events)
        {
            var bytes = usage.EventId.ToByteArray(bigEndian: true);
            int Number(int offset) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(offset));
            if (usage != CrashEvents.Make(Number(1), Number(5), Number(9)))
            {
                usage.ShouldBe(CrashEvents.Make(Number(1), Number(5), Number(9)));
            }
        }
    }

    async Task<HashSet<Guid>> RunAndKillAsync(string mode, int seed, int milliseconds)
    {
        using var process = Start(mode, seed, limits: "");
        var acknowledged = new HashSet<Guid>();
        await ReadUntilAsync(process, acknowledged, line => line == "ready");
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
        process.Kill();
        await DrainOutputAsync(process, acknowledged);
        return acknowledged;
    }

    Process Start(string mode, int seed, string limits)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Sahab.Crash.dll");
        var command = FormattableString.Invariant(
            $"{limits}exec '{Environment.ProcessPath}' exec '{program}' '{_folder.Path}' {seed} 16 {mode}");
        return Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true })!;
    }

    static async Task<string> ReadUntilAsync(Process process, HashSet<Guid> acknowledged, Func<string, bool> isIt)
    {
        while (true)
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            line.ShouldNotBeNull("the process ended by itself");
            Note(line, acknowledged);
            if (isIt(line))
            {
                return line;
            }
        }
    }

    static async Task DrainOutputAsync(Process process, HashSet<Guid> acknowledged)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            Note(line, acknowledged);
        }

        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    static void Note(string line, HashSet<Guid> acknowledged)
    {
        if (Guid.TryParse(line, out var id))
        {
            acknowledged.Add(id).ShouldBeTrue("acknowledged twice");
        }
    }

    Journal OpenJournal() => Journal.Open(
        new JournalOptions { Path = _folder.File(MeteringModule.JournalFileName) }, NullLogger<Journal>.Instance);
}
