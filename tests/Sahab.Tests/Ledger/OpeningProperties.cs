using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>
/// Books that begin in the middle of the contracts with the balances that are right then, against books from the beginning.
/// </summary>
public class OpeningProperties
{
    static readonly Gen<ulong> Seeds = Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed);

    [Fact]
    public void Books_with_the_true_balances_of_a_date_go_on_as_books_from_the_beginning() => Check(GoesOnAlike, 300);

    [Fact]
    [Trait("Suite", "All")]
    public void Books_with_the_true_balances_of_a_date_go_on_as_books_from_the_beginning_in_10_000_histories() =>
        Check(GoesOnAlike, 10_000);

    [Theory]
    [InlineData(1982875883UL)]
    [InlineData(974031261UL)]
    [InlineData(756326155UL)]
    [InlineData(1281600577UL)]
    [InlineData(1359820975UL)]
    [InlineData(67349349UL)]
    public void Histories_that_once_went_wrong_go_on_alike(ulong seed) => GoesOnAlike(seed).ShouldBeTrue();

    static bool GoesOnAlike(ulong seed)
    {
        var history = new RandomHistory(seed).Collected();
        var whole = history.Rebuilt();
        var from = Hour.Of(RandomContracts.Start.AddHours(1 + (int)(seed % (RandomContracts.Hours - 2))));
        var book = Opened(history, whole.Ledger.Contracts, from);
        var opened = book.Contracts.Where(contract => contract.Versions[0].Opening is not null)
            .Select(contract => contract.Id).ToHashSet();

        var late = new RandomHistory(seed, book);
        late.Run();

        var since = whole.Entries.Where(entry => entry.Contract is null || !opened.Contains(entry.Contract)
            || entry.BookedAt >= from.Start);
        var (ours, theirs) = (
            Books.BalancesOf(late.Books.Entries.Where(entry => entry.Cause != EntryCause.Opening)), Books.BalancesOf(since));
        ours.Except(theirs).Concat(theirs.Except(ours)).ShouldBeEmpty($"seed {seed}");
        foreach (var (account, balance) in whole.Balances().Where(pair => IsCarried(pair.Key, opened, book)))
        {
            late.Books.Balances().GetValueOrDefault(account).ShouldBe(balance, $"seed {seed}: {account}");
        }

        var standings = whole.Ledger.Standings.ToDictionary(Key);
        // What a window owed that had ended, and that an amendment has opened again, is in the whole books only.
        foreach (var standing in late.Books.Ledger.Standings)
        {
            var before = standings[Key(standing)];
            Rounded(standing with { Owed = standing.Owed ?? before.Owed }).ShouldBe(Rounded(before), $"seed {seed}");
        }

        return late.Rebuilt().Balances().SequenceEqual(late.Books.Balances());
    }

    // To the billionth: an opening tells what was drawn and what exceeded it apart, and their sum has fewer digits.
    static CommitmentStanding Rounded(CommitmentStanding of) => of with
    {
        Drawn = Math.Round(of.Drawn, 9),
        Carried = Math.Round(of.Carried, 9),
    };

    static (string Contract, string Commitment, DateTimeOffset From) Key(CommitmentStanding of) =>
        (of.Contract, of.Commitment, of.Window.From);

    /// <summary>
    /// Whether the account is of a balance that the books begin with. One that is paid anew, by an amendment, holds what was
    /// paid twice; one whose clause was not in force at its end holds what was left for ever.
    /// </summary>
    static bool IsCarried(string account, HashSet<string> contracts, ContractBook book)
    {
        var parts = account.Split(':');
        if (!contracts.Contains(parts[1]) || parts[0] != "prepaid")
        {
            return contracts.Contains(parts[1]) && parts[0] == "accrual";
        }

        var versions = book.Contracts.Single(contract => contract.Id == parts[1]).Versions;
        return versions[0].Opening!.Prepayments.Any(paid => paid.Prepayment == parts[2])
            && versions.SelectMany(version => version.Clauses).OfType<Prepayment>().Where(paid => paid.Id == parts[2])
                .Select(paid => paid.PaidAt).Distinct().Count() == 1;
    }

    /// <summary>The same contracts with what they stood at, for those that were in force then and before.</summary>
    static ContractBook Opened(RandomHistory history, ContractTimeline contracts, Hour from)
    {
        // A contract that was in force and is not: its books would have to begin at another date than its neighbours'.
        var states = contracts.Providers.ToDictionary(
            provider => provider,
            provider => history.Book.Contracts.Any(contract => contract.Provider == provider
                && contracts.KeptFrom(contract.Id) < from && contracts.Find(contract.Id, from) is null)
                ? null
                : StateAt(history, contracts, provider, from));
        return new ContractBook(
            history.Book.Contracts.Select(contract =>
                states[contract.Provider] is { } state && contracts.Find(contract.Id, from) is { } terms
                    ? contract with
                    {
                        Versions =
                        [
                            contract.Versions[0] with { Opening = OpeningOf(contract, contracts, terms, state, from) },
                            .. contract.Versions.Skip(1),
                        ],
                    }
                    : contract),
            history.Book.Rates);
    }

    /// <summary>What the settlement carries into the hour: its own fold, driven by hand.</summary>
    static SettlementState? StateAt(RandomHistory history, ContractTimeline contracts, string provider, Hour from)
    {
        if (contracts.StartOf(provider) is not { } start || start >= from)
        {
            return null;
        }

        var used = history.Charges(contracts).Where(charge => charge.Use.Provider == provider && charge.Contract is not null)
            .GroupBy(charge => Hour.Of(charge.At)).ToDictionary(hour => hour.Key, hour => SumsOf(hour));
        var state = new SettlementState(start);
        for (var number = start; number < from; number = number.Next)
        {
            if (contracts.KeptAt(provider, number) is { Count: > 0 } terms)
            {
                var hour = new SettledHour(contracts, terms, number, used.GetValueOrDefault(number));
                HourlyCosts.Apply(hour);
                Discounts.Apply(hour, state);
                Drawdown.Apply(hour, state);
                Payments.Apply(hour, state);
            }
        }

        return state;
    }

    static SortedDictionary<Use, UseSum> SumsOf(IEnumerable<Charge> charges) => new(charges.GroupBy(charge => charge.Use)
        .ToDictionary(use => use.Key, use => new UseSum
        {
            List = use.Sum(charge => charge.List),
            Net = use.Sum(charge => charge.Net),
            Quantity = use.Sum(charge => charge.Quantity),
            Nano = use.Sum(charge => (decimal)charge.Cost.Value),
        }));

    static OpeningBalances OpeningOf(
        Contract contract, ContractTimeline contracts, ContractTerms terms, SettlementState state, Hour from)
    {
        var hour = new SettledHour(contracts, contracts.KeptAt(contract.Provider, from), from, null);
        var clauses = contract.Versions.SelectMany(version => version.Clauses).ToList();
        return new OpeningBalances
        {
            BooksFrom = from.Start,
            Accrued = state.Accrued(hour, terms) / 1_000_000_000m / hour.UsdPerUnit(terms),
            Commitments = DrawsOf(clauses, terms, state, from).ToValueList(),
            Rates = VolumesOf(clauses, terms, state, from).ToValueList(),
            Prepayments = clauses.OfType<Prepayment>().DistinctBy(paid => paid.Id)
                .Select(paid => (paid.Id, Balance: state.Prepaid(hour, terms, paid)))
                .Where(paid => paid.Balance?.Left > 0 || terms.Find<Prepayment>(paid.Id)?.PaidAt < from.Start)
                .Select(paid => new OpeningPrepaid(paid.Id, paid.Balance?.Left ?? 0)
                {
                    Paid = paid.Balance?.Paid,
                    UsdPerUnit = paid.Balance?.UsdPerUnit,
                })
                .Where(paid => clauses.OfType<Prepayment>().Any(of => of.Id == paid.Prepayment && !(of.Until <= from.Start)))
                .ToValueList(),
        };
    }

    static IEnumerable<OpeningDraw> DrawsOf(List<Clause> clauses, ContractTerms terms, SettlementState state, Hour from)
    {
        foreach (var standing in state.Standings.Where(each => each.Contract == terms.Contract.Id))
        {
            var windows = clauses.OfType<Commitment>().Where(each => each.Id == standing.Commitment)
                .SelectMany(each => each.Windows).Where(window => window.From == standing.Window.From).ToList();
            if (windows.TrueForAll(window => window.Until <= from.Start))
            {
                continue;
            }

            var most = decimal.Max(0, windows.Max(window => window.Amount) + standing.Deferred - standing.Carried);
            yield return new OpeningDraw(standing.Commitment, standing.Window.From, decimal.Min(standing.Drawn, most))
            {
                Surplus = decimal.Max(0, standing.Drawn - most),
                Carried = standing.Carried,
                Deferred = standing.Deferred,
                Caps = standing.CapsDrawn,
            };
        }

        foreach (var commitment in terms.Commitments.ToArray())
        {
            if (commitment.WindowAt(from) is { } window && window.From < from.Start && state.Standings.All(each =>
                each.Commitment != commitment.Id || each.Contract != terms.Contract.Id || each.Window.From != window.From))
            {
                yield return new OpeningDraw(commitment.Id, window.From, 0);
            }
        }
    }

    static IEnumerable<OpeningVolume> VolumesOf(List<Clause> clauses, ContractTerms terms, SettlementState state, Hour from)
    {
        foreach (var rates in clauses.OfType<Rate>().Where(rate => rate.Tiers.Count > 0).GroupBy(rate => rate.Id))
        {
            var volumes = rates.Select(rate => from.StartOf(rate.TierPeriod))
                .Select(period => new OpeningVolume(rates.Key, period.Start, state.Volume(terms, rates.First(), period))).ToList();
            if (volumes.Find(volume => volume.Volume > 0) is { } reached)
            {
                yield return reached;
            }
            else if (terms.Find<Rate>(rates.Key) is { Tiers.Count: > 0 } rate && from.StartOf(rate.TierPeriod) < from)
            {
                yield return new OpeningVolume(rates.Key, from.StartOf(rate.TierPeriod).Start, 0);
            }
        }
    }

    static void Check(Func<ulong, bool> property, int histories) =>
        Prop.ForAll(Arb.From(Seeds), property).Check(Config.QuickThrowOnFailure.WithMaxTest(histories));
}
