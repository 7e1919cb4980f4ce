using System.Collections.Concurrent;
using System.Collections.Immutable;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>How the commitments of a contract stand and how they will end.</summary>
/// <param name="Terms">What the contract says today; null: it is not in force.</param>
/// <param name="Today">The first day that is not settled to its end.</param>
/// <param name="SettledUntil">Until when all is settled; null: nothing is yet.</param>
internal sealed record ContractOutlook(
    Contract Contract, ContractTerms? Terms, DateOnly Today, DateTimeOffset? SettledUntil,
    ImmutableArray<CommitmentReport> Commitments)
{
    /// <summary>From when on our books of it are kept; null: from its beginning.</summary>
    public DateTimeOffset? BooksFrom => Terms?.Opening?.BooksFrom;
}

/// <summary>A commitment's outlook, and what it was made from.</summary>
/// <param name="Unit">The currency, or the unit that is committed.</param>
/// <param name="Drawn">What each day drew since its first window began, in that unit; days without any are left out.</param>
/// <param name="Standings">How its windows stand as settled, today's hours included.</param>
/// <param name="Opening">What the books of its contract begin with; null: they begin with it.</param>
internal sealed record CommitmentReport(
    Commitment Commitment, string Unit, string Currency, CommitmentOutlook Outlook, ImmutableArray<DailyAmount> Drawn,
    ImmutableArray<CommitmentStanding> Standings, OpeningBalances? Opening)
{
    /// <summary>What counts toward a window as settled; what is forecast begins with today's first hour.</summary>
    public decimal CountedIn(CommitmentWindow window) =>
        Standings.FirstOrDefault(standing => standing.Window.From == window.From)?.Counted
        ?? CommitmentStanding.Begun("", Commitment.Id, window, Opening).Counted;

    /// <summary>What of it was drawn before our books began.</summary>
    public decimal DrawnBefore(CommitmentWindow window) =>
        Opening?.DrawOf(Commitment.Id, window) is { } draw ? draw.Drawn + draw.Surplus : 0;
}

/// <summary>Forecasts the burn-down of commitments from what is settled. Safe for any number of threads.</summary>
internal sealed class CommitmentOutlooks(
    ContractShelf shelf, CommitmentBooks books, UsageStore usage, ConfigurationState configuration, TimeProvider time)
    : IDisposable
{
    /// <summary>How far back it is looked what kinds of tokens are used.</summary>
    static readonly TimeSpan MixTime = TimeSpan.FromDays(28);

    readonly ConcurrentDictionary<string, (object Key, ContractOutlook Outlook)> _made = new(StringComparer.Ordinal);

    /// <summary>One is made at a time: many who ask at once wait for it instead of making it each.</summary>
    readonly SemaphoreSlim _making = new(1, 1);

    /// <summary>The contracts, each with its outlook, in the order of the configuration.</summary>
    public async Task<IReadOnlyList<ContractOutlook>> AllAsync(CancellationToken cancellation)
    {
        var all = new List<ContractOutlook>();
        foreach (var contract in shelf.Book.Contracts.ToArray())
        {
            all.Add(await OfAsync(contract, cancellation));
        }

        return all;
    }

    /// <summary>A contract's outlook; null: there is no such contract.</summary>
    public async Task<ContractOutlook?> FindAsync(string id, CancellationToken cancellation) =>
        shelf.Book.Contracts.FirstOrDefault(contract => contract.Id == id) is { } contract
            ? await OfAsync(contract, cancellation)
            : null;

    /// <summary>Made anew when another hour is settled, or other contracts or deployments are in force.</summary>
    async Task<ContractOutlook> OfAsync(Contract contract, CancellationToken cancellation)
    {
        var contracts = shelf.Known;
        var key = (contracts, configuration.Current, books.SettledUntil, books.Standings, time.GetUtcNow().Date);
        if (Find(contract, key) is { } kept)
        {
            return kept;
        }

        await _making.WaitAsync(cancellation);
        try
        {
            if (Find(contract, key) is { } made)
            {
                return made;
            }

            var outlook = await MakeAsync(contract, contracts, cancellation);
            _made[contract.Id] = (key, outlook);
            return outlook;
        }
        finally
        {
            _making.Release();
        }
    }

    public void Dispose() => _making.Dispose();

    ContractOutlook? Find(Contract contract, object key) =>
        _made.TryGetValue(contract.Id, out var made) && made.Key.Equals(key) ? made.Outlook : null;

    async Task<ContractOutlook> MakeAsync(
        Contract contract, ContractTimeline contracts, CancellationToken cancellation)
    {
        var settled = books.SettledUntil == DateTimeOffset.MinValue ? (DateTimeOffset?)null : books.SettledUntil;
        var today = DateOnly.FromDateTime((settled ?? time.GetUtcNow()).UtcDateTime);
        var terms = contracts.Find(contract.Id, Hour.Of(time.GetUtcNow()));
        var outlets = terms is { Commitments.Count: > 0 } ? await OutletsAsync(contract, cancellation) : [];
        var reports = ImmutableArray.CreateBuilder<CommitmentReport>();
        for (var i = 0; i < (terms?.Commitments.Count ?? 0); i++)
        {
            reports.Add(await ReportAsync(contract, terms!.Commitments[i], contracts, outlets, today, cancellation));
        }

        return new ContractOutlook(contract, terms, today, settled, reports.ToImmutable());
    }

    async Task<CommitmentReport> ReportAsync(
        Contract contract, Commitment commitment, ContractTimeline contracts, List<Outlet> outlets, DateOnly today,
        CancellationToken cancellation)
    {
        var first = DateOnly.FromDateTime(commitment.Windows[0].From.UtcDateTime);
        var oldest = today.AddDays(-DailyHistory.MaxDays);
        var days = await books.DrawnByDayAsync(
            contract.Id, commitment.Id, first < oldest ? first : oldest, today.AddDays(1), cancellation);
        var drawn = days.Select(day => new DailyAmount(day.Day, ToMeasure(contract, commitment, contracts, day)))
            .ToImmutableArray();
        var standings = books.Standings
            .Where(standing => standing.Contract == contract.Id && standing.Commitment == commitment.Id)
            .ToImmutableArray();
        var outlook = CommitmentOutlook.Of(
            contract.Id, commitment, standings.Select(standing => AtBeginOf(today, standing, drawn)), drawn, today,
            day => FixedDraw.DayOf(contracts, contract.Id, commitment, day, today),
            day => FullUse.DayOf(contracts, contract.Id, commitment, outlets, day),
            contracts.OpeningOf(contract.Id));
        var unit = commitment.Measure == Measure.Quantity ? commitment.Unit : contract.Currency;
        return new CommitmentReport(
            commitment, unit, contract.Currency, outlook, drawn, standings, contracts.OpeningOf(contract.Id));
    }

    /// <summary>The standing without what today's hours have drawn so far: the forecast counts the whole day.</summary>
    static CommitmentStanding AtBeginOf(
        DateOnly today, CommitmentStanding standing, ImmutableArray<DailyAmount> drawn)
    {
        var begun = new DateTimeOffset(today, TimeOnly.MinValue, TimeSpan.Zero);
        return standing.Window.From <= begun && begun < standing.Window.Until
            ? standing with
            {
                Drawn = decimal.Max(0, standing.Drawn - drawn.FirstOrDefault(day => day.Day == today).Amount),
            }
            : standing;
    }

    /// <summary>What was booked in dollars, as it is committed. 0 of units that have no price.</summary>
    static decimal ToMeasure(Contract contract, Commitment commitment, ContractTimeline contracts, DailyDrawn day)
    {
        var hour = Hour.Of(new DateTimeOffset(day.Day, TimeOnly.MinValue, TimeSpan.Zero));
        var worth = commitment.UnitWorth * contracts.UsdPerUnit(contract.Currency, hour);
        return worth == 0 ? 0 : day.Usd / worth;
    }

    /// <summary>The provider's deployments as the configuration has them, with the tokens that they were used for.</summary>
    async Task<List<Outlet>> OutletsAsync(Contract contract, CancellationToken cancellation)
    {
        var config = configuration.Current;
        var query = new UsageQuery
        {
            From = time.GetUtcNow() - MixTime,
            Where = new Dictionary<UsageDimension, string> { [UsageDimension.Provider] = contract.Provider },
        };
        var used = (await usage.TotalsAsync(query, [UsageDimension.Deployment], cancellation))
            .ToDictionary(total => total.Group[0], StringComparer.Ordinal);
        return OutletReading.Of(config, contract.Provider, used);
    }
}
