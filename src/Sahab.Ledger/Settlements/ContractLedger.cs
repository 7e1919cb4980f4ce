using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// The running ledger of all contracts. An event posts what it costs by the terms of its hour. All that depends on
/// other events besides (tiers, committed use, drawdown, balances, shortfalls) is settled hour by hour from sums, and
/// what an hour comes to beyond what was posted for it is posted as a difference. So balances are a function of the set
/// of events and of the contracts, whatever the order in which they came. Not safe for several threads at once.
/// </summary>
/// <remarks>
/// It does not remember events: its caller adds each once, or says what those of an hour come to. Its memory grows with the
/// hours since it began and with what is used in each, not with the number of events. One that has thrown while it settled is not to be used any more: make another,
/// and restore it from what was posted.
/// </remarks>
public sealed class ContractLedger
{
    readonly SortedDictionary<string, ProviderBooks> _books = new(StringComparer.Ordinal);

    /// <summary>Starts without events.</summary>
    /// <param name="contracts">The contracts as they are known now.</param>
    public ContractLedger(ContractTimeline contracts)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        Contracts = contracts;
    }

    /// <summary>Starts with what was carried into the first hour of a month: it needs nothing of the time before.</summary>
    /// <param name="contracts">The contracts as they are known now, the same by which the checkpoints were made.</param>
    /// <param name="checkpoints">
    /// One for each provider whose books had begun, all of one hour; where one is missing, it starts with the beginning.
    /// </param>
    public ContractLedger(ContractTimeline contracts, IReadOnlyList<SettlementCheckpoint> checkpoints)
        : this(contracts)
    {
        ArgumentNullException.ThrowIfNull(checkpoints);
        var begun = checkpoints.Select(checkpoint => checkpoint.Provider).ToHashSet(StringComparer.Ordinal);
        if (checkpoints.Any(first => contracts.Providers.Any(
            provider => contracts.StartOf(provider) < Hour.Of(first.At) && !begun.Contains(provider))))
        {
            return;
        }

        foreach (var checkpoint in checkpoints)
        {
            BooksOf(checkpoint.Provider).Begin(checkpoint);
            Begins = checkpoint.At;
        }
    }

    /// <summary>From when on it needs to know what was used and posted; the least value: from the beginning.</summary>
    public DateTimeOffset Begins { get; } = DateTimeOffset.MinValue;

    /// <summary>Gives checkpoints of months after an hour again: who kept them has dropped them.</summary>
    public void OfferCheckpointsAfter(DateTimeOffset hour)
    {
        foreach (var books in _books.Values)
        {
            books.OfferAfter(Hour.Of(hour));
        }
    }

    /// <summary>What was carried into months since this was last asked: where another ledger may begin.</summary>
    public IReadOnlyList<SettlementCheckpoint> TakeCheckpoints() =>
        [.. _books.Values.SelectMany(books => books.TakeCheckpoints())];

    /// <summary>The contracts by which it rates and settles.</summary>
    public ContractTimeline Contracts { get; private set; }

    /// <summary>Until when it is settled, a whole hour; the least value where it is not settled yet.</summary>
    public DateTimeOffset SettledUntil { get; private set; }

    /// <summary>How the windows of all commitments stand that have begun, by contract, clause and window.</summary>
    public IReadOnlyList<CommitmentStanding> Standings =>
    [
        .. _books.Values.SelectMany(books => books.Standings)
            .OrderBy(standing => standing.Contract, StringComparer.Ordinal)
            .ThenBy(standing => standing.Commitment, StringComparer.Ordinal)
            .ThenBy(standing => standing.Window.From),
    ];

    /// <summary>Adds an attempt. Returns what it posts; null: it costs nothing.</summary>
    /// <exception cref="ArgumentException">
    /// It cannot be rated; see <see cref="Charge.Of(UsageEvent, ContractTimeline)"/>.
    /// </exception>
    /// <exception cref="OverflowException">It costs more than about 9.2 billion dollars.</exception>
    public Entry? Add(UsageEvent usage) => Add(Charge.Of(usage, Contracts));

    /// <summary>Adds the use of a service. Returns what it posts; null: it costs nothing.</summary>
    /// <exception cref="ArgumentException">
    /// It cannot be rated; see <see cref="Charge.Of(ServiceUse, ContractTimeline)"/>.
    /// </exception>
    /// <exception cref="OverflowException">It costs more than about 9.2 billion dollars.</exception>
    public Entry? Add(ServiceUse use) => Add(Charge.Of(use, Contracts));

    /// <summary>Adds a charge made by <see cref="Contracts"/>. Returns what it posts; null: it costs nothing.</summary>
    public Entry? Add(Charge charge)
    {
        ArgumentNullException.ThrowIfNull(charge);
        Count(charge, 1);
        var postings = charge.Postings();
        return postings.Count == 0
            ? null
            : new Entry(
                charge.EventId, EntryCause.Event, charge.Contract, charge.Version, charge.At, 0, postings);
    }

    /// <summary>
    /// Says what the charges of a use in an hour come to together, for a caller that keeps such sums instead of adding
    /// each charge. What was said of the same use and hour before is replaced. The charges are posted by the caller.
    /// </summary>
    /// <exception cref="ArgumentException">Its provider has no contract.</exception>
    public void Put(ChargeSum sum)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (!Contracts.Providers.Contains(sum.Use.Provider))
        {
            throw new ArgumentException($"No contract is with {sum.Use.Provider}.", nameof(sum));
        }

        BooksOf(sum.Use.Provider).Put(sum);
    }

    /// <summary>
    /// Corrects an event that was added: its usage turned out to be another. Returns what adjusts its postings.
    /// </summary>
    /// <param name="before">The charge that stands: of the event, or of its last correction.</param>
    /// <param name="after">The charge that is right, of the same event id.</param>
    /// <param name="revision">From 1; higher for each adjustment of the same event.</param>
    /// <exception cref="ArgumentException">The charges are of different events.</exception>
    public IReadOnlyList<Entry> Replace(Charge before, Charge after, int revision)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(revision, 1);
        if (before.EventId != after.EventId)
        {
            throw new ArgumentException($"{after.EventId} does not correct {before.EventId}.", nameof(after));
        }

        Count(before, -1);
        Count(after, 1);
        return Entry.Adjusting(before, after, revision);
    }

    /// <summary>
    /// Settles all hours that end by then, and again those that have changed since. Returns what is to be posted;
    /// nothing where nothing has changed.
    /// </summary>
    /// <param name="until">
    /// Not before <see cref="SettledUntil"/>; what lies before goes on to be settled until that.
    /// </param>
    /// <exception cref="ArgumentException">A currency has no rate.</exception>
    public IReadOnlyList<Entry> Settle(DateTimeOffset until)
    {
        SettledUntil = until > SettledUntil ? Hour.Of(until).Start : SettledUntil;
        var entries = new List<Entry>();
        foreach (var provider in Contracts.Providers)
        {
            BooksOf(provider).Settle(Contracts, SettledUntil, entries);
        }

        return entries;
    }

    /// <summary>
    /// Settles as <see cref="Settle"/> does, the first time after <see cref="Restore"/>: takes back, besides, what was
    /// posted for hours that come to nothing by these contracts.
    /// </summary>
    /// <param name="until">Not before the end of the last hour that was settled by then.</param>
    /// <exception cref="ArgumentException">A currency has no rate.</exception>
    public IReadOnlyList<Entry> SettleRestored(DateTimeOffset until)
    {
        var entries = new List<Entry>(Settle(until));
        foreach (var books in _books.Values)
        {
            books.TakeBackOthers(entries);
        }

        return entries;
    }

    /// <summary>
    /// Goes over to contracts that were amended, for the past too: rates all events anew, settles all hours anew, and
    /// returns what adjusts the postings. Hours and events that come to the same post nothing.
    /// </summary>
    /// <param name="contracts">The contracts as they are known now.</param>
    /// <param name="usages">All attempts that were added, each as last corrected.</param>
    /// <param name="uses">All uses of services that were added, each as last corrected.</param>
    /// <param name="revision">From 1; higher than any adjustment of these events so far.</param>
    public IReadOnlyList<Entry> Rebook(
        ContractTimeline contracts, IEnumerable<UsageEvent> usages, IEnumerable<ServiceUse> uses, int revision)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentOutOfRangeException.ThrowIfLessThan(revision, 1);
        var before = Contracts;
        Contracts = contracts;
        foreach (var books in _books.Values)
        {
            books.Clear();
        }

        var entries = new List<Entry>();
        foreach (var (old, now) in usages.Select(usage => (Charge.Of(usage, before), Charge.Of(usage, contracts)))
            .Concat(uses.Select(use => (Charge.Of(use, before), Charge.Of(use, contracts)))))
        {
            Count(now, 1);
            entries.AddRange(Entry.Adjusting(old, now, revision));
        }

        entries.AddRange(SettleRestored(SettledUntil));
        return entries;
    }

    /// <summary>
    /// Takes in entries that were posted before the process began, so that what is settled anew posts differences only.
    /// Entries of events are passed over: their ids tell that they are posted.
    /// </summary>
    public void Restore(IEnumerable<Entry> posted)
    {
        ArgumentNullException.ThrowIfNull(posted);
        foreach (var entry in posted.Where(entry => entry.Cause != EntryCause.Event))
        {
            var provider = Contracts.ProviderOf(entry.Contract!) ?? throw new ArgumentException(
                $"Entry {entry.Id} is of the contract {entry.Contract}, which is not in the book.", nameof(posted));
            BooksOf(provider).Restore(entry);
        }
    }

    void Count(Charge charge, int sign)
    {
        if (charge.Contract is not null && !charge.IsBeforeBooks)
        {
            BooksOf(charge.Use.Provider).Add(charge, sign);
        }
    }

    ProviderBooks BooksOf(string provider)
    {
        if (!_books.TryGetValue(provider, out var books))
        {
            _books.Add(provider, books = new ProviderBooks(provider));
        }

        return books;
    }
}
