using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Ledger;

/// <summary>
/// A ledger's life from a seed: events that come late and in any order, corrections that overtake each other,
/// amendments that become known meanwhile, settlements now and then, and restarts.
/// </summary>
internal sealed class RandomHistory
{
    readonly ContractBook _book;
    readonly Dictionary<Guid, (int Revision, UsageEvent Usage)> _usages = [];
    readonly Dictionary<Guid, ServiceUse> _uses = [];
    readonly List<object> _arrivals = [];
    readonly List<DateTimeOffset> _known;
    RandomSource _random;
    int _adjustments;

    public RandomHistory(ulong seed, ContractBook? book = null)
    {
        _random = new RandomSource(seed);
        _book = book ?? new RandomContracts(seed ^ 0xC0FFEE).Book();
        _known = _book.Contracts.SelectMany(contract => contract.Versions).Select(version => version.KnownFrom)
            .Distinct().Order().ToList();
        for (var number = 0; number < 25; number++)
        {
            AddUsage(number);
        }

        for (var number = 0; number < 15; number++)
        {
            _arrivals.Add(ServiceUse(number));
        }

        Books = new Books(new ContractLedger(_book.KnownAt(_known[0])));
    }

    public ContractBook Book => _book;

    public Books Books { get; }

    ContractLedger Ledger => Books.Ledger;

    /// <summary>Lives it through, to the end of the time that the contracts are about.</summary>
    public void Run()
    {
        Shuffle();
        var until = RandomContracts.Start;
        var known = 1;
        foreach (var arrival in _arrivals)
        {
            Arrive(arrival);
            switch (Next(20))
            {
                case 0 or 1 or 2:
                    until = until.AddHours(Next(70));
                    Books.Take(Ledger.Settle(until < RandomContracts.End ? until : RandomContracts.End));
                    break;
                case 3 when known < _known.Count:
                    Amend(_known[known++]);
                    break;
                case 4:
                    Restart();
                    break;
                default:
                    break;
            }
        }

        Amend(_known[^1]);
        Books.Take(Ledger.Settle(RandomContracts.End));
        Ledger.Settle(RandomContracts.End).ShouldBeEmpty("what is settled and has not changed posts nothing");
    }

    /// <summary>Takes all events in without a ledger, to see what a rebuild makes of them.</summary>
    public RandomHistory Collected()
    {
        foreach (var arrival in _arrivals)
        {
            if (arrival is ServiceUse use)
            {
                _uses.Add(use.EventId, use);
                continue;
            }

            var (revision, usage) = ((int, UsageEvent))arrival;
            _usages[usage.EventId] = (revision, usage);
        }

        return this;
    }

    /// <summary>
    /// The same events, as last corrected, by the contracts as last known, in one go and another order.
    /// </summary>
    public Books Rebuilt()
    {
        var books = new Books(new ContractLedger(_book.KnownAt(_known[^1])));
        foreach (var usage in _usages.Values.OrderByDescending(of => of.Usage.EventId))
        {
            books.Take(books.Ledger.Add(usage.Usage));
        }

        foreach (var use in _uses.Values.OrderBy(use => use.Quantity))
        {
            books.Take(books.Ledger.Add(use));
        }

        books.Take(books.Ledger.Settle(RandomContracts.End));
        return books;
    }

    /// <summary>
    /// The same from what the charges of each use and hour come to, said in two goes: half of the charges, then all.
    /// </summary>
    public Books Summed()
    {
        var books = new Books(new ContractLedger(_book.KnownAt(_known[^1])));
        var charges = Charges(books.Ledger.Contracts).ToList();
        books.Take(charges.Where(charge => charge.Cost.Value != 0).Select(charge => new Entry(
            charge.EventId, EntryCause.Event, charge.Contract, charge.Version, charge.At, 0, charge.Postings())));
        foreach (var part in (List<Charge>[])[charges[..(charges.Count / 2)], charges])
        {
            foreach (var group in part.Where(charge => charge.Contract is not null)
                .GroupBy(charge => (charge.Use, Hour: Hour.Of(charge.At))))
            {
                books.Ledger.Put(new ChargeSum(
                    group.Key.Use, group.Key.Hour, group.Sum(charge => charge.List), group.Sum(charge => charge.Net),
                    group.Sum(charge => charge.Quantity), group.Sum(charge => (decimal)charge.Cost.Value)));
            }

            books.Take(books.Ledger.Settle(RandomContracts.End));
        }

        return books;
    }

    /// <summary>What was used, as last corrected, by these contracts.</summary>
    public IEnumerable<Charge> Charges(ContractTimeline contracts) => _usages.Values
        .Select(of => Charge.Of(of.Usage, contracts)).Concat(_uses.Values.Select(use => Charge.Of(use, contracts)));

    void Arrive(object arrival)
    {
        if (arrival is ServiceUse use)
        {
            _uses.Add(use.EventId, use);
            Books.Take(Ledger.Add(use));
            return;
        }

        // What the store does: it keeps the highest revision of an event, in whatever order they come.
        var (revision, usage) = ((int, UsageEvent))arrival;
        if (!_usages.TryGetValue(usage.EventId, out var before))
        {
            Books.Take(Ledger.Add(usage));
        }
        else if (before.Revision < revision)
        {
            Books.Take(Ledger.Replace(
                Charge.Of(before.Usage, Ledger.Contracts), Charge.Of(usage, Ledger.Contracts), ++_adjustments));
        }
        else
        {
            return;
        }

        _usages[usage.EventId] = (revision, usage);
    }

    void Amend(DateTimeOffset knownAt) => Books.Take(Ledger.Rebook(
        _book.KnownAt(knownAt), _usages.Values.Select(of => of.Usage), _uses.Values, ++_adjustments));

    /// <summary>A new process knows the events and what was posted, and has nothing to add.</summary>
    void Restart()
    {
        Books.Take(Ledger.Settle(Ledger.SettledUntil));
        var ledger = new ContractLedger(Ledger.Contracts);
        ledger.Restore(Books.Entries.Where(entry => entry.Contract is not null));
        foreach (var (_, usage) in _usages.Values)
        {
            ledger.Add(usage);
        }

        foreach (var use in _uses.Values)
        {
            ledger.Add(use);
        }

        ledger.Settle(Ledger.SettledUntil).ShouldBeEmpty("a restart posts nothing");
        Books.Ledger = ledger;
    }

    void AddUsage(int number)
    {
        var deployment = "d" + Next(3);
        var usage = SampleUsage.Make(number) with
        {
            EventId = SampleUsage.Id(7, number),
            Provider = Next(3) == 0 ? "beta" : Next(8) == 0 ? "gamma" : "alpha",
            Deployment = deployment,
            Country = Next(2) == 0 ? "US" : "NO",
            Region = "region",
            Model = "model-" + deployment,
            StartedAt = RandomContracts.Start.AddSeconds(Next(RandomContracts.Hours * 3600)),
            Usage = Tokens(),
        };
        _arrivals.Add((0, usage));
        for (var revision = 1; Next(4) == 0; revision++)
        {
            var flags = Next(5) == 0 ? UsageFlags.NotBilled : UsageFlags.None;
            _arrivals.Add((revision, usage with { Usage = Tokens(), Flags = flags }));
        }
    }

    TokenUsage Tokens() => new(Next(2_000_000), 0, Next(300_000), 0);

    ServiceUse ServiceUse(int number) => new()
    {
        EventId = SampleUsage.Id(8, number),
        UsedAt = RandomContracts.Start.AddSeconds(Next(RandomContracts.Hours * 3600)),
        Provider = Next(2) == 0 ? "alpha" : "beta",
        Region = "region",
        Country = "US",
        Service = Next(3) switch { 0 => "gpu", 1 => "market", _ => "support" },
        Quantity = Next(100_000) / 1000m,
        UnitPrice = Next(100) / 7m,
    };

    void Shuffle()
    {
        for (var i = _arrivals.Count - 1; i > 0; i--)
        {
            var other = Next(i + 1);
            (_arrivals[i], _arrivals[other]) = (_arrivals[other], _arrivals[i]);
        }
    }

    int Next(int bound) => _random.NextInt32(bound);
}
