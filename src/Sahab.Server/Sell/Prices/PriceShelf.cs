using System.Threading.Channels;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Prices;

/// <summary>
/// The price book in force, and the guard of its history: a configuration that changes what was charged, or raises a list
/// price without notice, is refused.
/// </summary>
internal sealed class PriceShelf(TimeProvider time)
{
    readonly Channel<SeenBook> _new = Channel.CreateUnbounded<SeenBook>();
    PriceBook _current = PriceBook.Empty;
    PriceBook? _before;

    /// <summary>The prices in force: the same object as long as they say the same.</summary>
    public PriceBook Current => Volatile.Read(ref _current);

    /// <summary>Books that were in force for the first time, to be kept. As many as there were reloads with other prices.</summary>
    public ChannelReader<SeenBook> NewBooks => _new.Reader;

    /// <summary>Remembers what was in force before this process began. Call it before any configuration comes.</summary>
    /// <param name="config">The last book; null: there never was one.</param>
    public void Remember(PriceBookConfig? config) => _before = config is null ? null : PriceBinding.BookOf(config);

    /// <summary>Prepares a configuration; the step that is returned puts its prices in force.</summary>
    /// <exception cref="PriceHistoryException">It rewrites what was in force, or raises a price without notice.</exception>
    public Action Prepare(SahabConfig config)
    {
        var (book, now) = (PriceBinding.BookOf(config.PriceBook), time.GetUtcNow());
        var problems = FindProblems(book, now);
        if (problems.Count > 0)
        {
            throw new PriceHistoryException(string.Join(" ", problems));
        }

        return () =>
        {
            var isFirst = _before is null && !book.IsEmpty;
            if (isFirst || _before?.SaysTheSameAs(book) == false)
            {
                _new.Writer.TryWrite(new SeenBook(config.PriceBook, now));
            }

            if (!book.SaysTheSameAs(Current))
            {
                Volatile.Write(ref _current, book);
            }

            _before = _before is null && book.IsEmpty ? null : book;
        };
    }

    /// <summary>What a configuration may not say of prices, each with its remedy; empty: it may come into force.</summary>
    public IReadOnlyList<string> FindProblems(SahabConfig config) =>
        FindProblems(PriceBinding.BookOf(config.PriceBook), time.GetUtcNow());

    IReadOnlyList<string> FindProblems(PriceBook book, DateTimeOffset now) => PriceHistory.ProblemsOf(_before, book, now);
}

/// <summary>A price book as it came into force.</summary>
internal sealed record SeenBook(PriceBookConfig Config, DateTimeOffset SeenAt);

/// <summary>A configuration changes what was charged before, or raises a price without notice.</summary>
internal sealed class PriceHistoryException : Exception
{
    public PriceHistoryException()
    {
    }

    public PriceHistoryException(string message)
        : base(message)
    {
    }

    public PriceHistoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
