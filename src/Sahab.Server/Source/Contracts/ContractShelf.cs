using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Contracts;

/// <summary>
/// The contracts in force, and the guard of their history: a configuration that rewrites what was signed is refused,
/// whoever wrote it and however it came here.
/// </summary>
internal sealed class ContractShelf(TimeProvider time)
{
    readonly ConcurrentDictionary<(string Contract, int Number), SeenVersion> _seen = new();
    readonly Channel<SeenVersion> _new = Channel.CreateUnbounded<SeenVersion>();
    ContractBook _book = ContractBook.Empty;
    KnownContracts? _known;

    /// <summary>The contracts, all versions of each.</summary>
    public ContractBook Book => Volatile.Read(ref _book);

    /// <summary>The contracts through time as they are known now: the same object until something else is known.</summary>
    public ContractTimeline Known
    {
        get
        {
            var (book, now) = (Book, time.GetUtcNow());
            var known = Volatile.Read(ref _known);
            if (known is null || !ReferenceEquals(known.Book, book) || now >= known.Until)
            {
                var later = book.Contracts.SelectMany(contract => contract.Versions)
                    .Select(version => version.KnownFrom).Where(from => from > now);
                Volatile.Write(
                    ref _known,
                    known = new KnownContracts(
                        book, book.KnownAt(now), later.DefaultIfEmpty(DateTimeOffset.MaxValue).Min()));
            }

            return known.Timeline;
        }
    }

    /// <summary>Versions that were in force for the first time, to be kept. As many as the configuration holds.</summary>
    public ChannelReader<SeenVersion> NewVersions => _new.Reader;

    /// <summary>Remembers what was in force before this process began. Call it before any configuration comes.</summary>
    public void Remember(IEnumerable<SeenVersion> versions)
    {
        foreach (var version in versions)
        {
            _seen[(version.Contract, version.Number)] = version;
        }
    }

    /// <summary>Prepares a configuration; the step that is returned puts its contracts in force.</summary>
    /// <exception cref="ContractHistoryException">It rewrites history.</exception>
    public Action Prepare(SahabConfig config)
    {
        var book = ContractBinding.BookOf(config);
        var versions = VersionsOf(config);
        var rewritten = FindRewritten(versions, book);
        if (rewritten.Count > 0)
        {
            throw new ContractHistoryException(string.Join(" ", rewritten));
        }

        return () =>
        {
            foreach (var version in versions.Where(version => _seen.TryAdd((version.Contract, version.Number), version)))
            {
                _new.Writer.TryWrite(version);
            }

            PutInForce(book);
        };
    }

    /// <summary>Puts a book in force that was checked before.</summary>
    public void PutInForce(ContractBook book)
    {
        // The same object as long as they say the same, so that nothing is rated or settled anew.
        if (!book.Contracts.Equals(Book.Contracts) || !book.Rates.Equals(Book.Rates))
        {
            Volatile.Write(ref _book, book);
        }
    }

    /// <summary>
    /// What of a configuration rewrites what was in force, each with its remedy; empty: it only adds to it.
    /// </summary>
    public IReadOnlyList<string> FindRewritten(SahabConfig config) =>
        FindRewritten(VersionsOf(config), ContractBinding.BookOf(config));

    List<SeenVersion> VersionsOf(SahabConfig config)
    {
        var now = time.GetUtcNow();
        return
        [
            .. from contract in config.Contracts
               from version in contract.Versions
               select new SeenVersion(
                   contract.Id, int.Parse(version.Number, CultureInfo.InvariantCulture),
                   $"{contract.Provider} {contract.Currency} {CanonicalText.Of(version)}", now),
            .. config.Contracts.Select(contract => SeenVersion.OrderOf(contract.Id, contract.Order, now)),
            .. ContractBinding.RatesOf(config).Select(rate => SeenVersion.Of(rate, now)),
        ];
    }

    List<string> FindRewritten(List<SeenVersion> versions, ContractBook book)
    {
        var problems = new List<string>();
        var now = versions.ToDictionary(version => (version.Contract, version.Number));
        foreach (var (key, before) in _seen)
        {
            if (!now.TryGetValue(key, out var version))
            {
                if (!before.IsOrder)
                {
                    problems.Add($"{before.Name} is gone, which was in force here since {before.SeenAt:u}. Put it back; "
                        + (before.Currency is null ? "to end a contract, add a version that ends it."
                            : "another rate has a first day of its own."));
                }
            }
            else if (version.Content != before.Content)
            {
                problems.Add($"{before.Name} was edited, which was in force here since {before.SeenAt:u}. "
                    + RemedyFor(before));
            }
        }

        FindBackdated(versions, problems);

        foreach (var contract in book.Contracts)
        {
            var last = _seen.Values.Where(seen => seen.Contract == contract.Id && !seen.IsOrder).MaxBy(seen => seen.SeenAt)?.SeenAt;
            problems.AddRange(contract.Versions
                .Where(version => version.KnownFrom < last && !_seen.ContainsKey((contract.Id, version.Number)))
                .Select(version => $"Version {version.Number} of contract {contract.Id} is new, and said to be known since "
                    + $"{version.KnownFrom:u}, before {last:u}, when the version before it came into force here. Date it when "
                    + "it became known."));
        }

        return problems;
    }

    static string RemedyFor(SeenVersion before) =>
        before.Currency is not null ? "Put it back as it was, and add a rate from the day on which it changed."
        : before.IsOrder ? $"Put it back to {before.Content}: what was drawn went by it. For another order from a date on, end "
            + "the contract by a version, and go on with a contract of another id."
        : "Put it back as it was, and add a version that supersedes it.";

    /// <summary>A rate of a currency that was in force here is dated no earlier than that was.</summary>
    void FindBackdated(List<SeenVersion> versions, List<string> problems)
    {
        foreach (var rate in versions.Where(version =>
            version.Currency is not null && !_seen.ContainsKey((version.Contract, version.Number))))
        {
            var last = _seen.Values.Where(seen => seen.Contract == rate.Contract).MaxBy(seen => seen.SeenAt)?.SeenAt;
            if (last is { } at && rate.Number < DateOnly.FromDateTime(at.UtcDateTime).DayNumber)
            {
                problems.Add($"{rate.Name} is new, and begins before {at:u}, when the one before it came into force here. "
                    + "Date it from then on at the earliest; what was booked before goes by the rates that were known.");
            }
        }
    }

    /// <param name="Until">When more of the book becomes known.</param>
    sealed record KnownContracts(ContractBook Book, ContractTimeline Timeline, DateTimeOffset Until);
}

/// <summary>A configuration says that something else was signed than was in force before.</summary>
internal sealed class ContractHistoryException : Exception
{
    public ContractHistoryException()
    {
    }

    public ContractHistoryException(string message)
        : base(message)
    {
    }

    public ContractHistoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
