using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Tests.Metering;

public sealed class UsageLoopTests : IAsyncLifetime, IDisposable
{
    readonly TemporaryFolder _folder = new();
    SqliteDatabase _database = null!;
    UsageStore _store = null!;
    Journal _journal = null!;

    public async Task InitializeAsync()
    {
        _database = new SqliteDatabase(_folder.File("sahab.db"));
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _store = new UsageStore(_database);
        _journal = OpenJournal();
    }

    public async Task DisposeAsync()
    {
        await _journal.DisposeAsync();
        await _database.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_appended_is_posted_and_removed_from_the_journal()
    {
        using var loop = CreateLoop(_journal, _store);
        await loop.StartAsync(CancellationToken.None);
        await _journal.AppendAsync(SampleUsage.Many(3).ToArray());
        await JournalTests.UntilAsync(
            () => _journal.PostedPosition == _journal.CommittedPosition, "the loop did not post");
        (await UsageStoreTests.ReadAllAsync(_store)).Count.ShouldBe(3);
        (await _journal.ReadAsync(0, int.MaxValue)).ShouldBeEmpty();
        loop.Lag.ShouldBe(TimeSpan.Zero);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Stopping_posts_what_was_appended_before()
    {
        using var loop = CreateLoop(_journal, _store);
        await loop.StartAsync(CancellationToken.None);
        await _journal.AppendAsync(SampleUsage.Make(1));
        await loop.StopAsync(CancellationToken.None);
        (await UsageStoreTests.ReadAllAsync(_store)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Draining_posts_what_was_appended_before_without_the_loop_running()
    {
        using var loop = CreateLoop(_journal, _store);
        var append = _journal.AppendAsync(SampleUsage.Make(1)).AsTask();
        await loop.DrainAsync(CancellationToken.None);
        (await UsageStoreTests.ReadAllAsync(_store)).Count.ShouldBe(1);
        await append;
    }

    [Fact]
    public async Task What_was_posted_before_a_kill_but_not_removed_is_posted_once()
    {
        await _journal.AppendAsync(SampleUsage.Many(5).ToArray());
        await _store.PostAsync(
            _journal.Id, _journal.CommittedPosition, SampleUsage.Many(5), CancellationToken.None);

        // Here the process is killed: the store has the group, and so has the journal.
        await _journal.DisposeAsync();
        _journal = OpenJournal();
        await _journal.AppendAsync(SampleUsage.Make(5));
        using var loop = CreateLoop(_journal, _store);
        await loop.DrainAsync(CancellationToken.None);

        (await UsageStoreTests.ReadAllAsync(_store)).Count.ShouldBe(6);
        await UsageStoreTests.AssertLedgerFollowsFromEventsAsync(_store);
    }

    [Fact]
    public async Task A_journal_that_lost_its_end_in_a_power_cut_still_posts_what_is_appended_after()
    {
        // The store remembers a position that the journal, thrown back, will use again for other events.
        await _journal.AppendAsync(SampleUsage.Make(1));
        await _store.PostAsync(_journal.Id, 50, SampleUsage.Many(5), CancellationToken.None);
        await _journal.AppendAsync(SampleUsage.Make(100));
        using var loop = CreateLoop(_journal, _store);
        await loop.DrainAsync(CancellationToken.None);
        (await UsageStoreTests.ReadAllAsync(_store)).ShouldContain(SampleUsage.Make(100));
    }

    [Fact]
    public async Task A_store_that_fails_for_a_while_delays_postings_and_loses_none()
    {
        var log = new CollectingLogger<UsageLoop>();
        using var loop = CreateLoop(_journal, _store, log);
        await using (var connection = new SqliteConnection($"Data Source={_folder.File("sahab.db")}"))
        {
            await connection.OpenAsync();
            await ExecuteAsync(connection, "ALTER TABLE posting RENAME TO hidden");
            await loop.StartAsync(CancellationToken.None);
            for (var i = 0; i < 10; i++)
            {
                await _journal.AppendAsync(SampleUsage.Make(i));
            }

            await JournalTests.UntilAsync(() => log.Count(LogLevel.Error) >= 2, "the loop did not report its failure");
            loop.Lag.ShouldBeGreaterThan(TimeSpan.Zero);
            (await UsageStoreTests.ReadAllAsync(_store)).ShouldBeEmpty();
            await ExecuteAsync(connection, "ALTER TABLE hidden RENAME TO posting");
        }

        await JournalTests.UntilAsync(
            () => _journal.PostedPosition == _journal.CommittedPosition, "the loop did not recover");
        await loop.StopAsync(CancellationToken.None);
        (await UsageStoreTests.ReadAllAsync(_store)).ShouldBe(Enumerable.Reverse(SampleUsage.Many(10)));
        await UsageStoreTests.AssertLedgerFollowsFromEventsAsync(_store);
    }

    [Fact]
    public async Task A_damaged_group_is_reported_and_kept_and_its_sound_events_are_posted()
    {
        await _journal.AppendAsync(SampleUsage.Many(3).ToArray());
        await _journal.AppendAsync(SampleUsage.Make(3));
        await _journal.DisposeAsync();
        Damage("UPDATE journal_group SET events = substr(events, 1, length(events) - 1) || x'00' WHERE position = 1");
        _journal = OpenJournal();

        var log = new CollectingLogger<UsageLoop>();
        using var loop = CreateLoop(_journal, _store, log);
        await loop.DrainAsync(CancellationToken.None);

        log.Count(LogLevel.Critical).ShouldBe(1);
        log.Messages.ShouldContain(message => message.Contains("Group 1 of the journal is damaged"));
        _journal.SetAside.ShouldBe(1);
        (await UsageStoreTests.ReadAllAsync(_store)).OrderBy(usage => usage.StartedAt)
            .ShouldBe([SampleUsage.Make(0), SampleUsage.Make(1), SampleUsage.Make(3)]);
    }

    [Fact]
    public async Task A_missing_group_is_reported()
    {
        for (var i = 0; i < 3; i++)
        {
            await _journal.AppendAsync(SampleUsage.Make(i));
        }

        await _journal.DisposeAsync();
        Damage("DELETE FROM journal_group WHERE position = 2");
        _journal = OpenJournal();
        var log = new CollectingLogger<UsageLoop>();
        using var loop = CreateLoop(_journal, _store, log);
        await loop.DrainAsync(CancellationToken.None);
        log.Messages.ShouldContain(message => message.Contains("1 groups of the journal are missing before group 3"));
        (await UsageStoreTests.ReadAllAsync(_store)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_database_other_than_the_one_posted_to_is_reported()
    {
        await _journal.AppendAsync(SampleUsage.Make(1));
        await _journal.TrimAsync(1);
        var log = new CollectingLogger<UsageLoop>();
        using var loop = CreateLoop(_journal, _store, log);
        await loop.DrainAsync(CancellationToken.None);
        log.Messages.ShouldContain(message => message.Contains("not the one that they were posted to"));
    }

    [Fact]
    public async Task Posting_is_measured()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var measured = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                // Other servers of this process have meters of the same name.
                if (instrument.Meter.Name == UsageInstruments.MeterName && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            measured[instrument.Name] = measured.GetValueOrDefault(instrument.Name) + value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.Start();
        var instruments = new UsageInstruments(meters, _journal);
        using var loop = new UsageLoop(
            _journal, _store, instruments, TimeProvider.System, NullLogger<UsageLoop>.Instance);

        await _journal.AppendAsync(SampleUsage.Many(3).ToArray());
        await _journal.AppendAsync(SampleUsage.Make(0));
        listener.RecordObservableInstruments();
        measured["sahab.sell.journal.unposted"].ShouldBe(2);
        measured["sahab.sell.journal.pending"].ShouldBe(0);
        await loop.DrainAsync(CancellationToken.None);
        listener.RecordObservableInstruments();
        measured["sahab.sell.posting.events"].ShouldBe(3);
        measured["sahab.sell.posting.repeated"].ShouldBe(1);
        measured["sahab.sell.posting.lag"].ShouldBe(0);
        measured["sahab.sell.journal.healthy"].ShouldBe(1);
    }

    internal static UsageLoop CreateLoop(Journal journal, UsageStore store, ILogger<UsageLoop>? log = null)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider()
            .GetRequiredService<IMeterFactory>();
        return new UsageLoop(
            journal,
            store,
            new UsageInstruments(meters, journal),
            TimeProvider.System,
            log ?? NullLogger<UsageLoop>.Instance);
    }

    static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    void Damage(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File("journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().ShouldBe(1);
    }

    Journal OpenJournal() => Journal.Open(
        new JournalOptions { Path = _folder.File("journal.db") }, NullLogger<Journal>.Instance);
}
