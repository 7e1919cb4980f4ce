using Sahab.Routing.Admission;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Budgets;

/// <summary>
/// Gets for this node what it needs of hard budgets, and gives back what it does not: in rounds that many calls share.
/// </summary>
internal sealed partial class BudgetExchange(
    BudgetStore store, BudgetShelf shelf, SettleGate gate, UsageLoop loop, UnrecordedUsage unrecorded, Journal journal,
    TimeProvider time, ILogger<BudgetExchange> logger) : IDisposable
{
    /// <summary>Calls that may wait for the store; more get 503.</summary>
    public const int MaxWaiting = 10_000;

    /// <summary>How long a call waits for the store before it gets 503.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    /// <summary>A driver's read may end on a thread that serves sockets: what follows one comes back here.</summary>
    static readonly TaskScheduler Pool = new ConcurrentExclusiveSchedulerPair().ConcurrentScheduler;

    readonly SemaphoreSlim _releasing = new(1, 1);
    readonly SemaphoreSlim _passing = new(1, 1);
    int _waiting;
    bool _isReleased;

    /// <summary>Asks the store for what calls of an organisation were short of. False: it could not be asked now.</summary>
    public async ValueTask<bool> AskAsync(OrganisationBudgets organisation)
    {
        try
        {
            return Interlocked.Increment(ref _waiting) <= MaxWaiting
                && await organisation.Rounds.JoinAsync(() => OnPool(() => AskInTurnAsync(organisation))).WaitAsync(MaxWait, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>
    /// Has posted what calls have used so far, and holds it no longer. False where some of it is nowhere yet.
    /// </summary>
    /// <remarks>It cannot be cut off: who asks next would not wait for the calls that this one waits for.</remarks>
    public async Task<bool> CatchUpAsync()
    {
        await _passing.WaitAsync();
        try
        {
            var books = shelf.All.Select(organisation => organisation.Book).ToList();
            var marks = books.ConvertAll(book => book.Mark());
            if (marks.TrueForAll(each => each.Count == 0))
            {
                return true;
            }

            // What is counted goes to the journal first, and from there to the store.
            await gate.PassAsync();
            if (unrecorded.Count > 0)
            {
                return false;
            }

            await loop.DrainAsync(CancellationToken.None);
            for (var index = 0; index < books.Count; index++)
            {
                books[index].Posted(marks[index]);
            }

            return true;
        }
        finally
        {
            _passing.Release();
        }
    }

    /// <summary>Once a second: what was posted is held no longer, and what is not needed here goes back.</summary>
    public async Task TickAsync(CancellationToken cancellation)
    {
        await ReleaseEarlierAsync(cancellation);
        if (shelf.Count == 0)
        {
            return;
        }

        foreach (var organisation in shelf.All)
        {
            organisation.Book.BeginTick();
        }

        var holdings = (await store.ReadHoldingsAsync(journal.Id, cancellation)).ToLookup(holding => holding.Organisation);
        await CatchUpAsync();
        var nowUs = UnixMicroseconds.From(time.GetUtcNow());
        foreach (var organisation in shelf.All)
        {
            var held = holdings[organisation.Organisation].ToDictionary(
                holding => (holding.Budget, holding.WindowUs), holding => (holding.Held, holding.Wanted));
            await TellAsync(organisation, book => book.Tick(nowUs, store.IsShared, held), cancellation);
        }
    }

    /// <summary>The node stops: it gives back what it has.</summary>
    public async Task EndAsync(CancellationToken cancellation)
    {
        await CatchUpAsync();
        foreach (var organisation in shelf.All)
        {
            await TellAsync(organisation, book => book.ClaimLast(), cancellation);
        }
    }

    public void Dispose()
    {
        _releasing.Dispose();
        _passing.Dispose();
    }

    Task<bool> TellAsync(
        OrganisationBudgets organisation, Func<BudgetBook, IReadOnlyList<BudgetClaim>> claim, CancellationToken cancellation) =>
        organisation.Rounds.InTurnAsync(async () =>
        {
            if (claim(organisation.Book) is { Count: > 0 } claims)
            {
                organisation.Book.Apply(await store.ExchangeAsync(journal.Id, claims, cancellation), isLast: false);
            }

            return true;
        });

    async Task<bool> AskInTurnAsync(OrganisationBudgets organisation)
    {
        try
        {
            await ReleaseEarlierAsync(CancellationToken.None);
            var book = organisation.Book;
            if (book.ClaimWanted() is not { Count: > 0 } claims)
            {
                return true;
            }

            var answers = await store.ExchangeAsync(journal.Id, claims, CancellationToken.None);
            book.Apply(answers, isLast: false);
            if (answers.TrueForAll(answer => answer.Grant.IsEnough))
            {
                return true;
            }

            // What this node has used and not posted, it holds; or it is posted, and it holds it still.
            await CatchUpAsync();
            claims = book.ClaimAgain(answers);
            book.Apply(await store.ExchangeAsync(journal.Id, claims, CancellationToken.None), isLast: true);
            return true;
        }
        catch (Exception failure)
        {
            LogFailed(failure);
            return false;
        }
    }

    /// <summary>
    /// What this node held when it last ran it holds until all that it had used then is posted. Before that it gets nothing.
    /// </summary>
    async Task ReleaseEarlierAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _isReleased))
        {
            return;
        }

        await _releasing.WaitAsync(cancellation);
        try
        {
            if (!_isReleased)
            {
                await loop.DrainAsync(cancellation);
                await store.ReleaseAsync(journal.Id, cancellation);
                Volatile.Write(ref _isReleased, true);
            }
        }
        finally
        {
            _releasing.Release();
        }
    }

    static Task<bool> OnPool(Func<Task<bool>> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, Pool).Unwrap();

    [LoggerMessage(7111, LogLevel.Error, "The database could not be asked for more of a hard budget. Calls go on with what "
        + "this node holds, and get 503 beyond that.")]
    partial void LogFailed(Exception failure);
}
