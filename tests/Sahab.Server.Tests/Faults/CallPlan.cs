using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Faults;

/// <summary>One chat call as the load client is to make it.</summary>
/// <param name="PromptTokens">As the emulated clouds count: four bytes are a token.</param>
/// <param name="OutputTokens">So many are produced.</param>
/// <param name="IsExact">Whether exactly so many are, by a word that only vLLM knows; otherwise at most.</param>
/// <param name="LeavesAfterBytes">The client disconnects once it has read so much of the answer; 0: before any.</param>
/// <param name="Prefix">Calls with the same prefix share the beginning of their prompt, from 1; 0 for none.</param>
internal sealed record CallPlan(
    int PromptTokens, int OutputTokens, bool Stream, int? LeavesAfterBytes = null, int Prefix = 0, string? Tier = null,
    bool IsExact = true)
{
    const int PrefixTokens = 1152;

    /// <summary>The request's body. The salt makes prompts differ after their shared prefix.</summary>
    public string Body(int salt)
    {
        var shared = Prefix == 0 ? 0 : Math.Min(PrefixTokens, PromptTokens - 1);
        var text = Text(Prefix * 7919, shared) + Text(salt, PromptTokens - shared);
        var body = new JsonObject
        {
            ["model"] = "small",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
            ["max_tokens"] = OutputTokens,
            ["stream"] = Stream,
        };
        if (IsExact)
        {
            body["ignore_eos"] = true;
        }

        if (Stream)
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        if (Tier is not null)
        {
            body["service_tier"] = Tier;
        }

        return body.ToJsonString();
    }

    static string Text(int salt, int tokens) => string.Create(tokens * 4, salt, static (letters, seed) =>
    {
        var state = ((uint)seed * 2654435761u) + 12345u;
        for (var index = 0; index < letters.Length; index++)
        {
            state = (state * 1664525u) + 1013904223u;
            letters[index] = (char)('a' + (int)((state >> 16) % 26));
        }
    });
}

/// <summary>What became of a call, as its client saw it.</summary>
internal sealed record CallEnd
{
    public required CallPlan Plan { get; init; }

    /// <summary>0 where the client left before the answer, or no answer came at all.</summary>
    public int Status { get; init; }

    public string? RequestId { get; init; }

    public string? RetryAfter { get; init; }

    public string? Deployment { get; init; }

    /// <summary>The body of an answer that is an error.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the client disconnected on purpose.</summary>
    public bool Left { get; init; }

    /// <summary>Pieces of content that arrived.</summary>
    public int Pieces { get; init; }

    /// <summary>Whether a whole body, or the end mark of a stream, arrived.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Whether an error event arrived inside the stream.</summary>
    public bool HasErrorEvent { get; init; }

    /// <summary>Whether the connection ended before the response did.</summary>
    public bool IsBroken { get; init; }

    public long PromptTokens { get; init; }

    public long OutputTokens { get; init; }

    public TimeSpan Duration { get; init; }

    public override string ToString() =>
        $"{RequestId} {Deployment} status {Status} retry-after {RetryAfter} pieces {Pieces} whole {IsWhole} "
        + $"error event {HasErrorEvent} broken {IsBroken} left {Left} {Duration.TotalSeconds:f1} s {Error} ({Plan})";
}
