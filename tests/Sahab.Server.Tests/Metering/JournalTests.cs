using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Tests.Metering;

public sealed class JournalTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Process")]
    [InlineData("Power")]
    public async Task What_was_acknowledged_is_there_after_a_restart(string durability)
    {
        await using (var journal = Open(options => options with { Durability = Enum.Parse<Durability>(durability) }))
        {
            await journal.AppendAsync(SampleUsage.Make(1));
            await journal.AppendAsync([SampleUsage.Make(2), SampleUsage.Make(3)]);
        }

        await using var reopened = Open();
        (await ReadAllAsync(reopened)).ShouldBe(SampleUsage.Many(3, from: 1));
    }

    [Fact]
    public async Task The_attempts_of_one_call_lie_in_one_group()
    {
        await using var journal = Open();
        await journal.AppendAsync(SampleUsage.Many(3).ToArray());
        var group = (await journal.ReadAsync(0, int.MaxValue)).ShouldHaveSingleItem();
        var events = new List<UsageEvent>();
        EventEncoding.Decode(group.Events, events).ShouldBeNull();
        events.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Appends_of_sixty_four_callers_are_committed_in_groups_and_each_once()
    {
        await using var journal = Open();
        const int Callers = 64;
        const int Each = 100;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await journal.AppendAsync(SampleUsage.Make((caller * Each) + i));
            }
        })));

        var events = await ReadAllAsync(journal);
        events.OrderBy(usage => usage.StartedAt).ShouldBe(SampleUsage.Many(Callers * Each));
        journal.CommittedPosition.ShouldBeLessThan(Callers * Each / 4, "groups");
        journal.Appended.ShouldBe(Callers * Each);
        journal.Pending.ShouldBe(0);
    }

    [Fact]
    public async Task Disposing_commits_what_is_pending()
    {
        var appends = new List<Task>();
        await using (var journal = Open(options => options with { CommitIntervalMs = 1000 }))
        {
            for (var i = 0; i < 50; i++)
            {
                appends.Add(journal.AppendAsync(SampleUsage.Make(i)).AsTask());
            }
        }

        await Task.WhenAll(appends).WaitAsync(Patience);
        await using var reopened = Open();
        (await ReadAllAsync(reopened)).Count.ShouldBe(50);
    }

    [Fact]
    public async Task A_closed_journal_refuses_appends()
    {
        var journal = Open();
        await journal.DisposeAsync();
        await Should.ThrowAsync<JournalUnavailableException>(journal.AppendAsync(SampleUsage.Make(1)).AsTask());
    }

    [Fact]
    public async Task Beyond_the_limit_of_pending_events_an_append_fails_at_once()
    {
        await using var journal = Open(
            options => options with { MaxPending = 10, CommitIntervalMs = 1000 });
        await journal.AppendAsync(SampleUsage.Make(0));

        // The writer now lets a group form for a second.
        var accepted = SampleUsage.Many(10, from: 1).Select(usage => journal.AppendAsync(usage).AsTask()).ToList();
        var refused = journal.AppendAsync(SampleUsage.Make(11));
        refused.IsFaulted.ShouldBeTrue();
        (await Should.ThrowAsync<JournalUnavailableException>(refused.AsTask())).Message.ShouldContain("limit is 10");
        journal.IsHealthy.ShouldBeTrue();
        await Task.WhenAll(accepted).WaitAsync(Patience);
        (await ReadAllAsync(journal)).Count.ShouldBe(11);
    }

    [Fact]
    public async Task What_cannot_be_posted_is_refused_where_it_is_appended()
    {
        await using var journal = Open();
        var good = SampleUsage.Make(1);
        foreach (var bad in (UsageEvent[])
            [
                good with { Usage = new TokenUsage(1, 2, 0, 0) },
                good with { Prices = new PriceTerms(-1, 0, 0) },
                good with { Usage = new TokenUsage(0, 0, Journal.MaxTokens + 1, 0) },
                good with { Provider = "" },
                good with { Deployment = new string('d', 2000) },
            ])
        {
            await Should.ThrowAsync<ArgumentException>(async () => await journal.AppendAsync([good, bad]));
        }

        (await ReadAllAsync(journal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_journal_on_the_same_file_is_refused_with_the_reason()
    {
        await using var journal = Open();
        Should.Throw<JournalUnavailableException>(() => Open()).Message.ShouldContain("in use by another process");
    }

    [Fact]
    public void A_file_that_is_no_journal_is_refused_with_the_reason()
    {
        File.WriteAllText(_folder.File("journal.db"), new string('x', 10_000));
        Should.Throw<JournalUnavailableException>(() => Open()).Message.ShouldContain("is damaged");
    }

    [Fact]
    public void A_journal_of_a_newer_program_is_refused_with_the_reason()
    {
        Execute("PRAGMA user_version = 99");
        Should.Throw<JournalUnavailableException>(() => Open()).Message.ShouldContain("format 99");
    }

    [Fact]
    public async Task Trimmed_positions_are_never_used_again_and_the_id_stays()
    {
        Guid id;
        await using (var journal = Open())
        {
            id = journal.Id;
            await journal.AppendAsync(SampleUsage.Make(1));
            await journal.AppendAsync(SampleUsage.Make(2));
            await journal.TrimAsync(2);
            (await journal.ReadAsync(0, int.MaxValue)).ShouldBeEmpty();
        }

        await using var reopened = Open();
        reopened.Id.ShouldBe(id);
        reopened.PostedPosition.ShouldBe(2);
        await reopened.AppendAsync(SampleUsage.Make(3));
        (await reopened.ReadAsync(0, int.MaxValue)).ShouldHaveSingleItem().Position.ShouldBe(3);
    }

    [Fact]
    public async Task A_read_stops_at_its_size_and_goes_on_after_a_position()
    {
        await using var journal = Open();
        for (var i = 0; i < 5; i++)
        {
            await journal.AppendAsync(SampleUsage.Make(i));
        }

        (await journal.ReadAsync(0, maxBytes: 1)).Single().Position.ShouldBe(1);
        (await journal.ReadAsync(3, int.MaxValue)).Select(group => group.Position).ShouldBe([4L, 5L]);
    }

    [Fact]
    public async Task A_full_file_fails_the_append_and_recovers_when_there_is_room()
    {
        await using var journal = Open(options => options with
        {
            MaxBytes = 512 * 1024,
            FirstProbe = TimeSpan.FromMilliseconds(10),
            LastProbe = TimeSpan.FromMilliseconds(50),
        });
        var acknowledged = new List<UsageEvent>();
        JournalUnavailableException? failure = null;
        for (var i = 0; failure is null; i++)
        {
            i.ShouldBeLessThan(100_000, "the file never became full");
            var usage = SampleUsage.Make(i) with { Model = new string('m', 1000), Tenant = new string('t', 1000) };
            try
            {
                await journal.AppendAsync(usage);
                acknowledged.Add(usage);
            }
            catch (JournalUnavailableException error)
            {
                failure = error;
            }
        }

        failure.Message.ShouldContain("full");
        journal.IsHealthy.ShouldBeFalse();
        journal.Trouble.ShouldNotBeNull();
        (await ReadAllAsync(journal)).ShouldBe(acknowledged);

        await journal.TrimAsync(journal.CommittedPosition);
        await UntilAsync(() => journal.IsHealthy, "the journal did not find by itself that it can be written");
        await journal.AppendAsync(SampleUsage.Make(1));
        (await ReadAllAsync(journal)).ShouldBe([SampleUsage.Make(1)]);
    }

    [Fact]
    public async Task A_damaged_group_is_set_aside_and_stays_in_the_file()
    {
        await using (var journal = Open())
        {
            await journal.AppendAsync(SampleUsage.Make(1));
            var group = (await journal.ReadAsync(0, int.MaxValue)).Single();
            await journal.SetAsideAsync(group, "for a test");
            await journal.TrimAsync(group.Position);
            journal.SetAside.ShouldBe(1);
        }

        await using var reopened = Open();
        reopened.SetAside.ShouldBe(1);
    }

    [Fact]
    public async Task The_log_is_copied_and_begun_anew_so_that_it_does_not_grow_for_ever()
    {
        await using var journal = Open(options => options with { CheckpointBytes = 256 * 1024 });
        var attempts = SampleUsage.Many(100).ToArray();
        for (var i = 0; i < 200; i++)
        {
            await journal.AppendAsync(attempts);
            await journal.TrimAsync(journal.CommittedPosition);
        }

        new FileInfo(_folder.File("journal.db-wal")).Length.ShouldBeLessThan(1024 * 1024);
        new FileInfo(_folder.File("journal.db")).Length.ShouldBeLessThan(1024 * 1024);
    }

    [Fact]
    public async Task A_wait_for_a_commit_ends_with_the_commit()
    {
        await using var journal = Open();
        var wait = journal.WaitForCommitAsync(0, CancellationToken.None);
        wait.IsCompleted.ShouldBeFalse();
        await journal.AppendAsync(SampleUsage.Make(1));
        await wait.WaitAsync(Patience);
        journal.WaitForCommitAsync(0, CancellationToken.None).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task An_append_allocates_nothing_on_its_callers_thread()
    {
        await using var journal = Open();
        var events = SampleUsage.Many(50).ToArray();
        var appends = new ValueTask[events.Length];
        long allocated = -1;
        for (var round = 0; round < 3; round++)
        {
            allocated = AppendAll(journal, events, appends);
            foreach (var append in appends)
            {
                await append;
            }
        }

        allocated.ShouldBe(0);

        static long AppendAll(Journal journal, UsageEvent[] events, ValueTask[] appends)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < events.Length; i++)
            {
#pragma warning disable CA2012 // Each is awaited once, by the caller.
                appends[i] = journal.AppendAsync(events[i]);
#pragma warning restore CA2012
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    internal static async Task UntilAsync(Func<bool> condition, string complaint)
    {
        for (var waited = TimeSpan.Zero; !condition(); waited += TimeSpan.FromMilliseconds(10))
        {
            waited.ShouldBeLessThan(Patience, complaint);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    internal static async Task<List<UsageEvent>> ReadAllAsync(Journal journal)
    {
        await journal.FlushAsync();
        var events = new List<UsageEvent>();
        foreach (var group in await journal.ReadAsync(0, int.MaxValue))
        {
            EventEncoding.Decode(group.Events, events).ShouldBeNull();
        }

        return events;
    }

    Journal Open(Func<JournalOptions, JournalOptions>? change = null)
    {
        var options = new JournalOptions { Path = _folder.File("journal.db") };
        return Journal.Open(change is null ? options : change(options), NullLogger<Journal>.Instance);
    }

    void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File("journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
