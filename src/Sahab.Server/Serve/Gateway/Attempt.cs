using System.Diagnostics;
using Sahab.Ledger.Rating;
using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>One try of a call at one deployment, while it runs.</summary>
internal sealed class Attempt : IDisposable
{
    public required Call Call { get; init; }

    public required DeploymentTarget Target { get; init; }

    public required DeploymentLease Lease { get; init; }

    /// <summary>Whether the call's prefix lives at this deployment.</summary>
    public required bool AtHome { get; init; }

    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long StartedTimestamp { get; init; }

    public required WatchedAttempt Watch { get; init; }

    /// <summary>Puts the provider's answers into OpenAI's form; none where they have it already.</summary>
    public IAnswerTranslation? Translation => Target.Upstream.TranslationOf(Call.Operation);

    /// <summary>The provider's status; 0 while there is none.</summary>
    public int UpstreamStatus { get; set; }

    /// <summary>The provider's own id for the request, or none.</summary>
    public string? UpstreamRequestId { get; set; }

    /// <summary>From sending to the first content; none before it came.</summary>
    public TimeSpan? FirstToken { get; set; }

    /// <summary>What the provider had served when it refused the rest; mostly nothing.</summary>
    public MeteredUsage Spent { get; set; }

    /// <summary>The attempt's span, when somebody listens.</summary>
    public Activity? Span { get; set; }

    public void Dispose()
    {
        Watch.Dispose();
        Span?.Dispose();
    }
}

/// <summary>How an attempt ended, for the one who decides what to do next.</summary>
/// <param name="Answered">Whether the client has had its answer, or the part of it that there will be.</param>
/// <param name="Reason">What happened, as the end of a sentence that begins with the deployment's name.</param>
/// <param name="Fault">What else is known of its failure; none where nothing is.</param>
internal readonly record struct AttemptEnd(
    AttemptOutcome Outcome, bool Answered, string Reason, long RetryAfterMs = 0, AttemptFault? Fault = null);

/// <summary>
/// What is known of a failed attempt besides the reason. An object of its own, for ends are copied on their way up, and
/// nearly all have none.
/// </summary>
internal sealed record AttemptFault
{
    /// <summary>The provider's complaint about the request, when that is the outcome.</summary>
    public UpstreamError? Refusal { get; init; }

    /// <summary>What the deployment's dialect cannot express, when nothing was sent for that reason.</summary>
    public RequestFault? Untranslatable { get; init; }

    /// <summary>
    /// What the cloud said of it, for nobody but the client: clouds repeat what they were asked, and prompts are in no log
    /// and on no page. Empty: nothing.
    /// </summary>
    public string Words { get; init; } = "";
}

/// <summary>What an attempt used, and how sure that is.</summary>
internal readonly record struct MeteredUsage(TokenUsage Usage, UsageFlags Flags);
