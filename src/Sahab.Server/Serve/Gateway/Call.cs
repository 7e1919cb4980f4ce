using System.Diagnostics;
using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>One client request on its way: what was read of it, what was decided, and what came of its attempts.</summary>
internal sealed class Call
{
    readonly List<UsageEvent> _events = new(1);
    PooledBody _body;
    ReadOnlyMemory<byte> _translated;

    public required Guid Id { get; init; }

    public required HttpContext Context { get; init; }

    public required ServeSnapshot Snapshot { get; init; }

    /// <summary>What was called.</summary>
    public required Door Door { get; init; }

    public ApiOperation Operation => Door.Operation;

    /// <summary>The client's API: the door's, or the one that knows what this call refers to.</summary>
    public IClientApi? Api { get; set; }

    /// <summary>The tier that the call gets whatever it asks for; none where it may ask.</summary>
    public ServiceTier? FixedTier { get; init; }

    /// <summary>Where the call may go: the key's countries, or fewer.</summary>
    public CountrySet? Countries { get; set; }

    /// <summary>The rules that bind the data of the key's project; null: none does.</summary>
    public DataRules? Rules { get; set; }

    /// <summary>The way back to a client whose API is not OpenAI's; none otherwise.</summary>
    public IClientExchange? Exchange { get; set; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The clock's counter when the request's headers had arrived.</summary>
    public required long StartedTimestamp { get; init; }

    /// <summary>Monotonic milliseconds by which the call has ended, whatever happens.</summary>
    public required long DeadlineMs { get; init; }

    public required CancellationToken ClientGone { get; init; }

    public ApiKey? Key { get; set; }

    public KeyLease KeyLease { get; set; }

    /// <summary>That reserved capacity covers it; none where it does not.</summary>
    public CallCover? Cover { get; set; }

    /// <summary>What it holds of hard budgets; none where there are none.</summary>
    public BudgetLease? BudgetLease { get; set; }

    /// <summary>How many of <see cref="Events"/> budgets have counted.</summary>
    public int CountedEvents { get; set; }

    public RequestFacts Facts { get; set; }

    public ModelRoute? Route { get; set; }

    /// <summary>The model, by its own name; empty until it is known.</summary>
    public string Model => Route?.Name ?? "";

    public RouteRequest Request { get; set; }

    public ServiceTier Tier { get; set; } = ServiceTier.Default;

    /// <summary>Time spent waiting for capacity.</summary>
    public double QueuedMs { get; set; }

    /// <summary>Time spent waiting for clouds.</summary>
    public double UpstreamMs { get; set; }

    /// <summary>The HTTP status that the client got; 499 when it had gone before any.</summary>
    public int Status { get; set; }

    /// <summary>Why the call failed, in words; none if it did not.</summary>
    public string? FailureReason { get; set; }

    /// <summary>The reasons of each decision, when an admin key asked for them; otherwise none are kept.</summary>
    public List<DecisionTrace>? Traces { get; set; }

    /// <summary>The call's span, when somebody listens.</summary>
    public Activity? Span { get; init; }

    /// <summary>What went wrong at each attempt that did not answer, by its number.</summary>
    public Dictionary<int, string>? AttemptReasons { get; private set; }

    /// <summary>What came of each attempt so far, in order.</summary>
    public List<UsageEvent> Events => _events;

    /// <summary>Whether its attempts were handed to the journal.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>Whether the client has left.</summary>
    public bool IsClientGone => ClientGone.IsCancellationRequested;

    /// <summary>The request's body. Empty once it was released.</summary>
    public ReadOnlyMemory<byte> Body => _translated.IsEmpty ? _body.Memory : _translated;

    /// <summary>Remembers why an attempt came to nothing.</summary>
    public void NoteFailure(int attempt, string reason) => (AttemptReasons ??= [])[attempt] = reason;

    public void Hold(PooledBody body) => _body = body;

    /// <summary>Puts another body in the place of the client's own, which is kept until the call ends.</summary>
    public void Replace(ReadOnlyMemory<byte> translated) => _translated = translated;

    /// <summary>Gives the body's memory back. Once content has reached the client no other attempt can need it.</summary>
    public void ReleaseBody()
    {
        if (Exchange is null)
        {
            _body.Dispose();
        }

        _translated = default;
    }

    /// <summary>Gives back what only the end of the call frees: a client's exchange may still read the client's body.</summary>
    public void ReleaseAll()
    {
        Exchange?.Dispose();
        _body.Dispose();
    }

    /// <summary>The tokens of all attempts that a provider counts, for the key's limit.</summary>
    public long TokensUsed()
    {
        long tokens = 0;
        foreach (var attempt in _events)
        {
            tokens += attempt.Usage.TotalTokens;
        }

        return tokens;
    }
}
