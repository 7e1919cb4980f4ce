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

    /// <summary>What an image may weigh in tokens, at most.</summary>
    const int TokensPerImage = 4096;

    /// <summary>The usage of an answer that arrived whole.</summary>
    /// <param name="outputSeen">Pieces of content in the stream; 0 for an answer in one piece.</param>
    public static MeteredUsage Whole(Attempt attempt, in UsageFigures figures, int outputSeen)
    {
        var call = attempt.Call;
        var flags = call.Facts.Stream ? UsageFlags.Streamed : UsageFlags.None;
        if (!figures.Present || !figures.IsConsistent)
        {
            return new MeteredUsage(Estimate(attempt, outputSeen), flags | UsageFlags.Estimated);
        }

        var usage = FromFigures(figures);
        return new MeteredUsage(usage, IsDoubtful(call, usage, outputSeen) ? flags | UsageFlags.Suspect : flags);
    }

    /// <summary>The usage of a stream that ended before its end.</summary>
    /// <param name="running">The last running figure, where the provider gives one.</param>
    /// <param name="brokenByProvider">Whether the provider broke it, rather than we gave it up.</param>
    public static MeteredUsage Broken(Attempt attempt, in UsageFigures running, int outputSeen, bool brokenByProvider)
    {
        const UsageFlags flags = UsageFlags.Streamed;
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

    static TokenUsage FromFigures(in UsageFigures figures) =>
        new(figures.Prompt, figures.Cached, figures.Output, figures.Reasoning);

    /// <summary>The prompt by its length, and a token for each piece of output that was seen.</summary>
    static TokenUsage Estimate(Attempt attempt, int outputSeen) =>
        new(attempt.Call.Request.PromptTokens, 0, outputSeen, 0);

    static bool IsDoubtful(Call call, in TokenUsage usage, int outputSeen)
    {
        long expected = call.Request.PromptTokens;
        var most = (expected * Doubtful) + Slack + ((long)call.Facts.ImageCount * TokensPerImage);
        var least = (expected / Doubtful) - Slack;
        var visible = usage.OutputTokens - usage.ReasoningTokens;
        return usage.PromptTokens > most
            || usage.PromptTokens < least
            || usage.PromptTokens == 0
            || (outputSeen > 0 && (visible * Doubtful) + Slack < outputSeen)
            || (outputSeen > 0 && visible > ((long)outputSeen * Doubtful) + Slack);
    }
}
