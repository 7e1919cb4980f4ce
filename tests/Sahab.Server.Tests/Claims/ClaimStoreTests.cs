using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Claims;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Claims;

/// <summary>What the store of claims promises, and what is counted of availability, on either engine.</summary>
public abstract class ClaimStoreTests : IAsyncLifetime
{
    static readonly DateTimeOffset Start = new(2026, 11, 5, 9, 0, 0, TimeSpan.Zero);

    SahabDatabase _database = null!;
    ClaimStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _store = new ClaimStore(_database);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_claim_is_read_as_it_was_kept()
    {
        var claim = Claim("one", "a", "b") with { ClaimBefore = Start.AddDays(30), CreditDays = 7 };

        (await _store.AddAsync(claim, CancellationToken.None)).ShouldBeNull();

        (await _store.ReadAsync("one", CancellationToken.None)).ShouldBe(new StoredClaim(claim, 1));
        (await _store.ReadAllAsync(CancellationToken.None)).ShouldHaveSingleItem().Claim.ShouldBe(claim);
        (await _store.ReadAsync("other", CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task What_one_open_claim_is_about_no_other_is_and_nothing_of_the_other_is_kept()
    {
        await _store.AddAsync(Claim("one", "a", "b"), CancellationToken.None);

        (await _store.AddAsync(Claim("two", "c", "b"), CancellationToken.None))
            .ShouldBe(new ClaimConflict(false, "b", "one"));
        (await _store.AddAsync(Claim("one", "z"), CancellationToken.None)).ShouldBe(new ClaimConflict(true, null, null));

        (await _store.ReadAsync("two", CancellationToken.None)).ShouldBeNull();
        (await _store.ClaimsOfAsync(["a", "b", "c", "z"], CancellationToken.None))
            .ShouldBe(new Dictionary<string, string> { ["a"] = "one", ["b"] = "one" }, ignoreOrder: true);
        (await _store.AddAsync(Claim("three", "c"), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_many_who_claim_the_same_at_once_one_does()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => _store.AddAsync(
            Claim($"claim-{number}", number % 2 == 0 ? ["a", "b"] : ["b", "a"]), CancellationToken.None))));

        answers.Count(answer => answer is null).ShouldBe(1);
        (await _store.ReadAllAsync(CancellationToken.None)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_ends_without_a_credit_may_be_claimed_again_and_what_was_credited_may_not()
    {
        await AddAndEndAsync(Claim("closed", "a"), claim => Claiming.Close(claim, "no", new RecordedTime(Start)));
        await AddAndEndAsync(
            Claim("credited", "b"), claim => Claiming.Send(claim, "case", new RecordedTime(Start)),
            claim => Claiming.Answer(claim, 10, "yes", new RecordedTime(Start)),
            claim => Claiming.Credit(claim, 10, "bill", new RecordedTime(Start)));

        (await _store.AddAsync(Claim("again", "a"), CancellationToken.None)).ShouldBeNull();
        (await _store.AddAsync(Claim("twice", "b"), CancellationToken.None)).ShouldBe(new ClaimConflict(false, "b", "credited"));
    }

    [Fact]
    public async Task A_change_of_what_has_changed_meanwhile_is_not_taken()
    {
        var claim = Claim("one", "a");
        await _store.AddAsync(claim, CancellationToken.None);
        var sent = Claiming.Send(claim, "case", new RecordedTime(Start)).Claim;

        (await _store.ReplaceAsync(sent, 1, CancellationToken.None)).ShouldBeTrue();
        (await _store.ReplaceAsync(sent, 1, CancellationToken.None)).ShouldBeFalse();
        (await _store.ReadAsync("one", CancellationToken.None))!.Revision.ShouldBe(2);
    }

    [Fact]
    public async Task Availability_counts_what_the_provider_served_or_failed_to_within_the_month()
    {
        var usage = new UsageStore(_database);
        var month = new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);
        var events = Enum.GetValues<AttemptOutcome>().Select((outcome, number) => SampleUsage.Make(number) with
        {
            Provider = "azure",
            Region = "eastus",
            Country = "US",
            Deployment = "d",
            Model = "m",
            Outcome = outcome,
            StartedAt = month.AddHours(number),
        }).ToList();
        events.Add(events[0] with { EventId = SampleUsage.Id(1, 900), StartedAt = month.AddTicks(-10) });
        events.Add(events[0] with { EventId = SampleUsage.Id(1, 901), StartedAt = month.AddMonths(1) });
        events.Add(events[0] with { EventId = SampleUsage.Id(1, 902), Provider = "google" });
        events.Add(events[0] with { EventId = SampleUsage.Id(1, 903), Tenant = "other" });
        await usage.PostAsync(SampleUsage.Id(9, 1), 1, events, CancellationToken.None);

        (await usage.AvailabilityAsync(month, month.AddMonths(1), "azure", CancellationToken.None)).ShouldBe(
            [new ServiceRecord(new Use("azure", "eastus", "US", Use.Inference, "m", "d"), 7, 5, 0)]);
    }

    [Fact]
    public async Task The_times_in_which_half_of_the_attempts_failed_are_found_with_what_those_cost()
    {
        var usage = new UsageStore(_database);
        UsageEvent Attempt(int number, int minute, AttemptOutcome outcome, string deployment = "d") =>
            SampleUsage.Make(number) with
            {
                Provider = "azure",
                Region = "eastus",
                Country = "US",
                Deployment = deployment,
                Model = "m",
                Attempt = 1,
                Outcome = outcome,
                StartedAt = Start.AddMinutes(minute),
                Duration = TimeSpan.FromSeconds(30),
                Usage = new TokenUsage(1_000_000, 0, 0, 0),
                Prices = PriceTerms.FromUsdPerMillion(2, 2, 2),
            };
        UsageEvent[] events =
        [
            Attempt(0, 0, AttemptOutcome.ServerError), Attempt(1, 1, AttemptOutcome.Unreachable),
            Attempt(2, 2, AttemptOutcome.Succeeded), Attempt(3, 4, AttemptOutcome.Succeeded),
            Attempt(4, 6, AttemptOutcome.Succeeded), Attempt(5, 7, AttemptOutcome.Succeeded), Attempt(6, 8, AttemptOutcome.Cut),
            Attempt(7, 3, AttemptOutcome.Throttled), Attempt(8, 1, AttemptOutcome.Succeeded, "other"),
        ];
        await usage.PostAsync(SampleUsage.Id(9, 1), 1, events, CancellationToken.None);

        var slot = (await usage.BadSlotsAsync(Start.AddDays(-1), Start.AddDays(1), CancellationToken.None)).ShouldHaveSingleItem();

        slot.ShouldBe(new BadSlot(
            new Use("azure", "eastus", "US", Use.Inference, "m", "d"), Start, Start.AddMinutes(1).AddSeconds(30), 4, 2, 4m));
        (await usage.AnsweredAsync(Start, Start.AddDays(1), CancellationToken.None)).ShouldBe([new ModelCalls("m", 9, 5)]);
        (await usage.FirstEventAsync(CancellationToken.None)).ShouldBe(Start);
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    async Task AddAndEndAsync(Claim claim, params Func<Claim, ClaimStepResult>[] steps)
    {
        await _store.AddAsync(claim, CancellationToken.None);
        for (var step = 0; step < steps.Length; step++)
        {
            var taken = steps[step](claim);
            taken.Refusal.ShouldBeNull();
            claim = taken.Claim;
            (await _store.ReplaceAsync(claim, step + 1, CancellationToken.None)).ShouldBeTrue();
        }
    }

    static Claim Claim(string id, params string[] subjects) => new()
    {
        Id = id,
        Kind = ClaimKind.BillingDifference,
        Provider = "azure",
        Month = new DateOnly(2026, 10, 1),
        Items = subjects.Select(subject => new ClaimItem(subject, 10, "it \"is\" 雲")).ToValueList(),
        History = [new ClaimEvent(Start, ClaimStep.Raised, 10m * subjects.Length, "note")],
    };
}

public sealed class ClaimStoreOnSqliteTests : ClaimStoreTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File("sahab.db")));
}

[Collection(PostgresTests.Name)]
public sealed class ClaimStoreOnPostgresTests(PostgresServer server) : ClaimStoreTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
