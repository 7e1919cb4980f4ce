using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.Metering;
using ConfigText = Sahab.Server.Tests.Configuration.ConfigText;

namespace Sahab.Server.Tests.Govern;

/// <summary>What the stores of rules, subprocessors and uses promise, on either engine.</summary>
public abstract class GovernStoreTests : IAsyncLifetime
{
    static readonly UseTerms Sensitive = new("sensitive", true, TimeSpan.FromDays(365), null, null);

    readonly HandTime _time = new();
    SahabDatabase _database = null!;
    AuditLog _log = null!;
    DataRulesStore _rules = null!;
    SubprocessorStore _register = null!;
    UseStore _uses = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _log = new AuditLog(_time);
        _rules = new DataRulesStore(_database, _log, _time);
        _register = new SubprocessorStore(_database, _log, _time);
        _uses = new UseStore(_database, _log, new IdSource(_time, 1), _time);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Of_many_approvals_at_once_two_people_make_one_decision()
    {
        var use = await _uses.DeclareAsync("acme", "p", Sensitive, "why", By("carol"), CancellationToken.None);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(() => _uses.ApproveAsync(
            use.Id, Sensitive, By((number % 3) switch { 0 => "alice", 1 => "bob", _ => "carol" }), CancellationToken.None))));

        answers.Count(answer => answer.Refusal is null).ShouldBe(2);
        var current = (await _uses.CurrentAsync(CancellationToken.None)).ShouldHaveSingleItem();
        current.State.ShouldBe(UseState.Approved);
        current.Approvals.ShouldBe(2);
        current.ExpiresAt.ShouldBe(_time.GetUtcNow().AddDays(365));
        (await _uses.ApproversAsync(use.Id, CancellationToken.None)).Order().ShouldBe(["alice", "bob"]);
        (await ActionsAsync()).Count(action => action == "use.approved").ShouldBe(1);
    }

    [Fact]
    public async Task Of_declarations_at_once_the_last_one_counts_and_the_same_again_changes_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => _uses.DeclareAsync(
            "acme", "p", Sensitive, $"why {number}", By("carol"), CancellationToken.None))));
        var current = (await _uses.CurrentAsync(CancellationToken.None)).ShouldHaveSingleItem();

        var again = await _uses.DeclareAsync("acme", "p", Sensitive, current.Justification, By("dave"), CancellationToken.None);

        again.Id.ShouldBe(current.Id);
        again.RequestedBy.ShouldBe("carol");
    }

    [Fact]
    public async Task The_end_of_an_approval_is_told_once_before_and_once_after()
    {
        var use = await _uses.DeclareAsync("acme", "p", Sensitive, "why", By("carol"), CancellationToken.None);
        await _uses.ApproveAsync(use.Id, Sensitive, By("alice"), CancellationToken.None);
        await _uses.ApproveAsync(use.Id, Sensitive, By("bob"), CancellationToken.None);
        for (var day = 0; day < 5; day++)
        {
            _time.SetClock(TimeSpan.FromDays(100));
            var current = await _uses.CurrentAsync(CancellationToken.None);
            // Two nodes look at once.
            await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
                _uses.TellOfEndsAsync(current, TimeSpan.FromDays(100), CancellationToken.None))));
        }

        (await ActionsAsync()).Where(action => action.StartsWith("use.exp", StringComparison.Ordinal))
            .ShouldBe(["use.expiring", "use.expired"]);
    }

    [Fact]
    public async Task Rules_are_judged_with_all_others_of_the_organisation_and_nothing_comes_between()
    {
        // Either may be set without the other, and only one of them is.
        string? NotBoth(List<StoredRules> all) => all.Count > 1 ? "both" : null;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => _rules.ChangeAsync(
            "acme", $"p{number}", new DataConfig { StoreIn = ["eu", "NO"], KeepFor = TimeSpan.FromHours(1) }, NotBoth, "x",
            CancellationToken.None))));

        answers.Count(answer => answer is null).ShouldBe(1);
        var stored = (await _rules.ReadAllAsync(CancellationToken.None)).ShouldHaveSingleItem();
        stored.Rules.StoreIn!.Value.ShouldBe(["eu", "NO"]);
        stored.Rules.ProcessIn.ShouldBeNull();
        stored.Rules.KeepFor.ShouldBe(TimeSpan.FromHours(1));
        (await ActionsAsync()).ShouldBe(["data_rules.set"]);
        (await new ChangeCounter(_database).ReadAsync(CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task A_subprocessor_is_read_as_it_was_announced_and_stays_when_it_is_removed()
    {
        var one = new Subprocessor(
            "one", "Öne \"Inc\"", "azure", "Runs models", ["DE", "US"], _time.GetUtcNow(), _time.GetUtcNow().AddDays(30), null);
        (await _register.AddAsync<string>(one, _ => null, "x", CancellationToken.None)).ShouldBeNull();
        (await _register.AddAsync(one with { Id = "two" }, all => $"there are {all.Count}", "x", CancellationToken.None))
            .ShouldBe("there are 1");

        var read = (await _register.ReadAllAsync(CancellationToken.None)).ShouldHaveSingleItem();
        read.ShouldBe(one with { Countries = read.Countries });
        read.Countries.ShouldBe(["DE", "US"]);
        await _register.ReplaceAsync<string>(
            _ => null, all => all[0] with { RemovedAt = _time.GetUtcNow() }, "subprocessor.removed", "x", CancellationToken.None);
        (await _register.ReadAllAsync(CancellationToken.None)).ShouldHaveSingleItem().StateAt(_time.GetUtcNow()).ShouldBe("removed");
        (await _register.SetStanceAsync("acme", "none", Stance.Objects, "", "x", CancellationToken.None)).ShouldBeNull();
        (await _register.SetStanceAsync("acme", "one", Stance.Accepts, "", "x", CancellationToken.None)).ShouldNotBeNull();
        (await _register.SetStanceAsync("acme", "one", Stance.Objects, "no", "y", CancellationToken.None)).ShouldNotBeNull();
        (await _register.StancesAsync(CancellationToken.None)).ShouldHaveSingleItem().Says.ShouldBe(Stance.Objects);
        (await _register.WithdrawStanceAsync("acme", "one", "y", CancellationToken.None)).ShouldBeTrue();
        (await _register.WithdrawStanceAsync("acme", "one", "y", CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task What_another_node_changes_and_what_time_changes_is_noticed_and_nothing_is_read_meanwhile()
    {
        DataRulesShelf Node()
        {
            var shelf = new DataRulesShelf(
                _rules, _register, _uses, new ChangeCounter(_database), new TelemetryExport(false), _time,
                NullLogger<DataRulesShelf>.Instance);
            shelf.Prepare(ConfigText.Read(ConfigText.Small).Config!)();
            return shelf;
        }

        var (one, other) = (Node(), Node());
        other.For("acme", "p").ShouldBeNull();
        (await other.LookAsync(CancellationToken.None)).ShouldBeFalse();
        var announced = new Subprocessor(
            "one", "One", "azure", "x", ["US"], _time.GetUtcNow(), _time.GetUtcNow().AddDays(30), null);
        await _register.AddAsync<string>(announced, _ => null, "x", CancellationToken.None);
        await one.RefreshAsync(CancellationToken.None);
        one.For("acme", "p")!.Barred!.Keys.ShouldBe(["azure"]);

        (await other.LookAsync(CancellationToken.None)).ShouldBeTrue();
        other.For("acme", "p")!.Barred!.Keys.ShouldBe(["azure"]);
        (await other.LookAsync(CancellationToken.None)).ShouldBeFalse();
        _time.SetClock(TimeSpan.FromDays(30));
        (await other.LookAsync(CancellationToken.None)).ShouldBeFalse("the clock needs no store");
        other.For("acme", "p")!.IsBarred("azure", CountryCode.Parse("US")).ShouldBeFalse();
        other.For("acme", "p")!.IsBarred("azure", CountryCode.Parse("NO")).ShouldBeTrue("it was announced for the US only");

        var use = await _uses.DeclareAsync("acme", "p", Sensitive, "why", By("carol"), CancellationToken.None);
        await other.LookAsync(CancellationToken.None);
        other.For("acme", "p")!.Refusal!.Code.ShouldBe("use_not_approved");
        other.For("acme", "q")!.Refusal.ShouldBeNull();
        await _uses.ApproveAsync(use.Id, Sensitive, By("alice"), CancellationToken.None);
        await _uses.ApproveAsync(use.Id, Sensitive, By("bob"), CancellationToken.None);
        await other.LookAsync(CancellationToken.None);
        other.For("acme", "p")!.Refusal.ShouldBeNull();
        _time.SetClock(TimeSpan.FromDays(365));
        other.PassTime();
        other.For("acme", "p")!.Refusal!.Message.ShouldContain("ended on");
    }

    [Fact]
    public async Task A_rule_costs_a_call_no_memory()
    {
        var shelf = new DataRulesShelf(
            _rules, _register, _uses, new ChangeCounter(_database), new TelemetryExport(false), _time,
            NullLogger<DataRulesShelf>.Instance);
        shelf.Prepare(ConfigText.Read(ConfigText.Small).Config!)();
        await _rules.ChangeAsync<string>(
            "acme", "p", new DataConfig { ProcessIn = ["US"] }, _ => null, "x", CancellationToken.None);
        await shelf.RefreshAsync(CancellationToken.None);
        var key = Routing.Requests.CountrySet.All;
        for (var warm = 0; warm < 2; warm++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var call = 0; call < 1000; call++)
            {
                key.And(shelf.For("acme", "p", "k")!.Attempts);
                shelf.For("other", "p", "k");
            }

            if (warm > 0)
            {
                (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
            }
        }
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    static Decider By(string person) => new(person, $"user:{person}");

    async Task<List<string>> ActionsAsync() =>
        [.. (await new AuditStore(_database).ReadAsync(new AuditQuestion(), 1000, CancellationToken.None))
            .Select(row => row.Action).Reverse()];
}

public sealed class GovernStoreOnSqliteTests : GovernStoreTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File("sahab.db")));
}

[Collection(PostgresTests.Name)]
public sealed class GovernStoreOnPostgresTests(PostgresServer server) : GovernStoreTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
