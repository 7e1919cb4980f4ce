using System.Globalization;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// The durable queue between the calls and the ledger. Any number of threads append; one thread owns the file and
/// commits what has come together as one group. An append completes once its group is committed.
/// </summary>
internal sealed partial class Journal : IAsyncDisposable
{
    /// <summary>The most tokens of a kind that one event may claim, so that no sum of events can overflow.</summary>
    public const long MaxTokens = 1_000_000_000_000;

    const int MaxPooledCompletions = 4096;
    const int MaxPooledBatches = MaxPooledCompletions / CompletionBatch.Capacity;

    [ThreadStatic]
    static byte[]? _scratch;

    readonly object _gate = new();
    readonly JournalOptions _options;
    readonly ILogger _logger;
    readonly JournalFile _file;
    readonly Stack<AppendCompletion> _completions = new();
    readonly Stack<CompletionBatch> _batches = new();
    readonly List<JournalChore> _chores = [];
    readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    PendingGroup _filling = new();
    PendingGroup _committing = new();
    TaskCompletionSource? _arrival;
    WriterWait _waiting;
    int _pending;
    long _appended;
    long _committed;
    bool _stopping;
    volatile string? _trouble;

    Journal(JournalFile file, JournalOptions options, ILogger logger)
    {
        _file = file;
        _options = options;
        _logger = logger;
        _committed = file.Committed;
        new Thread(Write) { IsBackground = true, Name = "journal" }.Start();
    }

    /// <summary>What the writer is waiting for, and so what an append must wake it from.</summary>
    enum WriterWait : byte
    {
        Nothing,
        Interval,
        Work,
    }

    /// <summary>Made with the file, and so the same after a restart.</summary>
    public Guid Id => _file.Id;

    /// <summary>False from a write that failed until one that works; new calls should be refused meanwhile.</summary>
    public bool IsHealthy => _trouble is null;

    /// <summary>Why it is unhealthy, or null.</summary>
    public string? Trouble => _trouble;

    /// <summary>Events appended and not yet committed.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>Events committed since the journal was opened.</summary>
    public long Appended => Volatile.Read(ref _appended);

    /// <summary>The position of the last committed group.</summary>
    public long CommittedPosition => Volatile.Read(ref _committed);

    /// <summary>The position up to which groups have been posted and removed.</summary>
    public long PostedPosition => _file.Posted;

    /// <summary>Damaged groups that are kept beside the queue for somebody to look at.</summary>
    public long SetAside => _file.SetAside;

    /// <summary>Opens the file, makes it where it is missing, and starts the writer.</summary>
    /// <exception cref="JournalUnavailableException">The file is in use, damaged, or cannot be made.</exception>
    public static Journal Open(JournalOptions options, ILogger<Journal> logger)
    {
        options.Validate();
        return new Journal(JournalFile.Open(options), options, logger);
    }

    /// <summary>Appends one event; completes once it is durable.</summary>
    /// <exception cref="ArgumentException">
    /// The usage is not consistent or beyond <see cref="MaxTokens"/>, an id is empty, or a text is too long.
    /// </exception>
    /// <exception cref="OverflowException">The cost is beyond what a posting can hold.</exception>
    /// <exception cref="JournalUnavailableException">
    /// By the task: it is not durable; appending it again is safe.
    /// </exception>
    public ValueTask AppendAsync(UsageEvent usage) => AppendAsync(new ReadOnlySpan<UsageEvent>(in usage));

    /// <summary>Appends the attempts of one call, all or none; completes once they are durable.</summary>
    /// <exception cref="ArgumentException">
    /// A usage is not consistent or beyond <see cref="MaxTokens"/>, an id is empty, or a text is too long.
    /// </exception>
    /// <exception cref="OverflowException">A cost is beyond what a posting can hold.</exception>
    /// <exception cref="JournalUnavailableException">By the task: none is durable; appending again is safe.</exception>
    public ValueTask AppendAsync(ReadOnlySpan<UsageEvent> attempts)
    {
        if (attempts.IsEmpty)
        {
            return ValueTask.CompletedTask;
        }

        var frames = EncodeFrames(attempts);
        lock (_gate)
        {
            if (_stopping || _pending + attempts.Length > _options.MaxPending)
            {
                return ValueTask.FromException(Refusal());
            }

            if (!_completions.TryPop(out var completion))
            {
                completion = new AppendCompletion(this);
            }

            _filling.Add(frames, attempts.Length, completion);
            _pending += attempts.Length;
            if (_waiting == WriterWait.Work
                || (_waiting == WriterWait.Interval && _filling.Bytes >= _options.GroupBytes))
            {
                _waiting = WriterWait.Nothing;
                Monitor.Pulse(_gate);
            }

            return completion.Task;
        }
    }

    /// <summary>Committed groups after a position, in order; empty where there are none.</summary>
    public Task<List<JournalGroup>> ReadAsync(long after, int maxBytes) =>
        Ask(new JournalChore<List<JournalGroup>>(file => file.Read(after, maxBytes)));

    /// <summary>Removes the groups up to a position, because they are in the store.</summary>
    public Task TrimAsync(long through) =>
        Ask(new JournalChore<bool>(file =>
        {
            file.Trim(through);
            return true;
        }));

    /// <summary>Keeps a damaged group beside the queue, so that trimming does not lose it.</summary>
    public Task SetAsideAsync(JournalGroup group, string damage) =>
        Ask(new JournalChore<bool>(file =>
        {
            file.Keep(group, damage);
            return true;
        }));

    /// <summary>Completes once a group after the position is committed.</summary>
    public Task WaitForCommitAsync(long after, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_committed > after)
            {
                return Task.CompletedTask;
            }

            _arrival ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _arrival.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Completes once everything appended before the call has been committed or has failed.</summary>
    public Task FlushAsync() => Ask(new JournalChore<bool>(static _ => true));

    /// <summary>Commits what is pending, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            _waiting = WriterWait.Nothing;
            Monitor.Pulse(_gate);
        }

        await _closed.Task;
    }

    internal void Return(AppendCompletion completion)
    {
        lock (_gate)
        {
            if (_completions.Count < MaxPooledCompletions)
            {
                _completions.Push(completion);
            }
        }
    }

    internal void Return(CompletionBatch batch)
    {
        lock (_gate)
        {
            if (_batches.Count < MaxPooledBatches)
            {
                _batches.Push(batch);
            }
        }
    }

    static ReadOnlySpan<byte> EncodeFrames(ReadOnlySpan<UsageEvent> attempts)
    {
        var scratch = _scratch ??= new byte[4 * EventEncoding.MaxFrameBytes];
        var length = 0;
        foreach (var attempt in attempts)
        {
            AssertPostable(attempt);
            if (scratch.Length - length < EventEncoding.MaxFrameBytes)
            {
                Array.Resize(ref scratch, scratch.Length * 2);
                _scratch = scratch;
            }

            length += EventEncoding.Encode(attempt, scratch.AsSpan(length));
        }

        return scratch.AsSpan(0, length);
    }

    /// <summary>
    /// What is in the journal can be posted: here the caller learns of its mistake, later nobody would.
    /// </summary>
    static void AssertPostable(UsageEvent usage)
    {
        _ = usage.Cost();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(usage.Usage.PromptTokens, MaxTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(usage.Usage.OutputTokens, MaxTokens);
        ArgumentException.ThrowIfNullOrEmpty(usage.Provider);
        ArgumentException.ThrowIfNullOrEmpty(usage.Region);
        ArgumentException.ThrowIfNullOrEmpty(usage.Deployment);
    }

    JournalUnavailableException Refusal() => _stopping
        ? new JournalUnavailableException("The journal is closed.")
        : new JournalUnavailableException(string.Create(
            CultureInfo.InvariantCulture,
            $"{_pending} events wait for the journal to commit them; its limit is {_options.MaxPending}."));

    Task<T> Ask<T>(JournalChore<T> chore)
    {
        lock (_gate)
        {
            if (_stopping)
            {
                chore.Fail(new JournalUnavailableException("The journal is closed."));
                return chore.Task;
            }

            _chores.Add(chore);
            if (_waiting != WriterWait.Nothing)
            {
                _waiting = WriterWait.Nothing;
                Monitor.Pulse(_gate);
            }
        }

        return chore.Task;
    }
}
