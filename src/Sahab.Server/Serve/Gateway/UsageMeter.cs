using Sahab.Ledger.Rating;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Decides what an attempt used. The provider's own figure counts whenever there is one; what was seen of the answer
/// only serves to doubt it, and to estimate where there is none.
/// </summary>
internal static class UsageMeter
{
    /// <summary>A figure this many times off what was expected is doubted.</summary>
    const int Doubtful = 3;

    /// <summary>Tokens of slack, since short prompts carry a template that is longer than they are.</summary>
    const int Slack = 256;

    /// <summary>Pieces of content that may be more than the tokens counted, before the count is doubted.</summary>
    const int PiecesOfSlack = 16;

    /// <summary>Bytes of text that make a token, where nobody has counted.</summary>
    const int BytesPerToken = 4;

    /// <summary>What an image may weigh in tokens, at most.</summary>
    const int TokensPerImage = 4096;

    /// <summary>The usage of an answer that arrived whole.</summary>
    /// <param name="outputSeen">Pieces of content in the stream; 0 for an answer in one piece.</param>
    /// <param name="contentBytes">Bytes of content in an answer in one piece; 0 for a stream.</param>
    /// <param name="bytesSeen">Bytes of content in the stream; 0 for an answer in one piece.</param>
    public static MeteredUsage Whole(
        Attempt attempt, in UsageFigures figures, int outputSeen, int contentBytes, long bytesSeen = 0)
    {
        var call = attempt.Call;
        var flags = call.Facts.Stream ? UsageFlags.Streamed : UsageFlags.None;
        if (!figures.Present || !figures.IsConsistent)
        {
            var output = outputSeen + ((contentBytes + BytesPerToken - 1) / BytesPerToken);
            return new MeteredUsage(Estimate(attempt, output), flags | UsageFlags.Estimated);
        }

        var usage = FromFigures(figures);
        return new MeteredUsage(usage, IsDoubtful(call, usage, outputSeen, bytesSeen) ? flags | UsageFlags.Suspect : flags);
    }

    /// <summary>
    /// The usage of a whole answer that was passed through: what it states, and nothing where it states no tokens. There is
    /// nothing to estimate them by, nor are they what such a call is billed by.
    /// </summary>
    public static MeteredUsage Stated(Attempt attempt, in UsageFigures figures) => new(
        figures.IsConsistent ? FromFigures(figures) : default,
        attempt.Call.Facts.Stream ? UsageFlags.Streamed : UsageFlags.None);

    /// <summary>The same of one that ended before its end.</summary>
    /// <param name="end">How it ended. When it is we who ended it, the provider's last word is not its final one.</param>
    /// <param name="brokenByProvider">Whether the provider broke it, or fell silent, rather than we gave it up.</param>
    public static MeteredUsage StatedBroken(
        Attempt attempt, in UsageFigures figures, StreamEnd end, bool brokenByProvider)
    {
        var (usage, flags) = Stated(attempt, figures);
        flags |= IsOurDoing(end) ? UsageFlags.Estimated : UsageFlags.None;
        return brokenByProvider && !attempt.Target.BillsBrokenStreams
            ? new MeteredUsage(default, flags | UsageFlags.NotBilled)
            : new MeteredUsage(usage, flags);
    }

    /// <summary>The usage of a stream that ended before its end.</summary>
    /// <param name="running">The last running figure, where the provider gives one.</param>
    /// <param name="end">How it ended. When it is we who ended it, the provider's last word is not its final one.</param>
    /// <param name="brokenByProvider">Whether the provider broke it, or fell silent, rather than we gave it up.</param>
    public static MeteredUsage Broken(
        Attempt attempt, in UsageFigures running, int outputSeen, StreamEnd end, bool brokenByProvider)
    {
        var flags = IsOurDoing(end) ? UsageFlags.Streamed | UsageFlags.Estimated : UsageFlags.Streamed;
        if (brokenByProvider && !attempt.Target.BillsBrokenStreams)
        {
            return new MeteredUsage(default, flags | UsageFlags.NotBilled);
        }

        if (running.Present && running.IsConsistent)
        {
            return new MeteredUsage(FromFigures(running), flags);
        }

        // A provider that tells its usage with every chunk and has sent none has generated nothing that it bills.
        return attempt.Target.RunningUsage && outputSeen == 0
            ? new MeteredUsage(default, flags)
            : new MeteredUsage(Estimate(attempt, outputSeen), flags | UsageFlags.Estimated);
    }

    /// <summary>The usage of a stream that ended before its first token.</summary>
    public static MeteredUsage Silent(Attempt attempt, StreamEnd end) => end switch
    {
        // It was at work when it was left, and will at least have read the prompt.
        StreamEnd.DrainLimit or StreamEnd.CallDeadline => new MeteredUsage(
            Estimate(attempt, outputSeen: 0), UsageFlags.Streamed | UsageFlags.Estimated),
        // Nobody bills what nobody got; but who fell silent has not confirmed it.
        StreamEnd.TimedOut or StreamEnd.Stalled => new MeteredUsage(
            default, UsageFlags.Streamed | UsageFlags.Estimated),
        _ => new MeteredUsage(default, UsageFlags.Streamed),
    };

    /// <summary>What an attempt will be billed for that was at work when nobody waited for it any more.</summary>
    public static MeteredUsage Unheard(Attempt attempt) => new(
        attempt.Call.Operation is ApiOperation.Moderations or ApiOperation.Speech
            ? default
            : Estimate(attempt, attempt.Call.Request.OutputTokens),
        attempt.Call.Facts.Stream ? UsageFlags.Streamed | UsageFlags.Estimated : UsageFlags.Estimated);

    static bool IsOurDoing(StreamEnd end) =>
        end is StreamEnd.Stalled or StreamEnd.TimedOut or StreamEnd.DrainLimit or StreamEnd.CallDeadline;

    static TokenUsage FromFigures(in UsageFigures figures) =>
        new(figures.Prompt, figures.Cached, figures.Output, figures.Reasoning)
        {
            CacheWriteTokens = figures.CacheWritten,
            CacheWrite1hTokens = figures.CacheWritten1h,
        };

    /// <summary>The prompt by its length, and a token for each piece of output that was seen.</summary>
    static TokenUsage Estimate(Attempt attempt, int outputSeen) =>
        new(attempt.Call.Request.PromptTokens, 0, outputSeen, 0);

    static bool IsDoubtful(Call call, in TokenUsage usage, int outputSeen, long bytesSeen)
    {
        long expected = call.Request.PromptTokens;
        var most = (expected * Doubtful) + Slack + ((long)call.Facts.ImageCount * TokensPerImage);
        var least = (expected / Doubtful) - Slack;
        var visible = usage.OutputTokens - usage.ReasoningTokens;
        // A model cannot have produced more than the request allowed, nor much less than arrived, for a piece of
        // content is a token or several, seldom a part of one.
        var allowed = call.Facts.MaxOutputTokens
            * Math.Max(1, Math.Max(call.Facts.N, call.Facts.BestOf)) * Math.Max(1, call.Facts.PromptCount);
        return (allowed > 0 && usage.OutputTokens > allowed)
            || (usage.OutputTokens * 5 / 4) + PiecesOfSlack < outputSeen
            || usage.PromptTokens > most
            || usage.PromptTokens < least
            || usage.PromptTokens == 0
            // Some clouds send many tokens in a piece; but no token is shorter than a byte.
            || (outputSeen > 0 && visible > Math.Max((long)outputSeen * Doubtful, bytesSeen) + Slack);
    }
}
