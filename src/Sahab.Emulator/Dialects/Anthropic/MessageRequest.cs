using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>A request that was read and found valid.</summary>
internal sealed class MessageRequest : IDisposable
{
    public GenerationRequest Generation { get; } = new();

    public bool Streams { get; set; }

    public List<string> StopSequences { get; } = [];

    /// <summary>Whether the model refuses to answer.</summary>
    public bool Refuses { get; set; }

    /// <summary>Whether what the model thinks is shown.</summary>
    public ThinkingDisplay Display { get; set; }

    /// <summary>Notes that a part of the prompt is marked to be kept in the cache, if it is.</summary>
    public void NoteCache(RequestFields marked)
    {
        if (marked.Find("cache_control") is null)
        {
            return;
        }
        var mark = marked.Object("cache_control")?.Text("ttl") switch
        {
            null or "5m" => CacheMark.Usual,
            "1h" => CacheMark.Hour,
            _ => throw marked.Invalid("cache_control", "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"),
        };
        Generation.CacheMark = mark > Generation.CacheMark ? mark : Generation.CacheMark;
    }

    public void Dispose() => Generation.Dispose();
}

/// <summary>How an answer shows what the model thought.</summary>
internal enum ThinkingDisplay
{
    Summarized,

    /// <summary>Without its text, but signed.</summary>
    Omitted,

    /// <summary>As data that only the vendor can read.</summary>
    Redacted,
}

/// <summary>What the writing of an answer needs to know, once the request itself is gone.</summary>
internal sealed record MessageShape
{
    public required string Id { get; init; }

    public required string Model { get; init; }

    public required VendorStyle Vendor { get; init; }

    public required Generation Generation { get; init; }

    public required IReadOnlyList<string> StopSequences { get; init; }

    public required bool Refuses { get; init; }

    public required ThinkingDisplay Display { get; init; }

    public required bool Streams { get; init; }

    /// <summary>Whether the context, and not the request, sets the limit of the answer.</summary>
    public required bool IsContextTheLimit { get; init; }

    public Sequence Answer => Generation.Choices[0];

    public string StopReason => Refuses ? "refusal" : Answer.Finish switch
    {
        FinishReason.ToolCalls => "tool_use",
        FinishReason.Length => IsContextTheLimit ? "model_context_window_exceeded" : "max_tokens",
        _ => StopSequence is null ? "end_turn" : "stop_sequence",
    };

    public string? StopSequence => Answer is { Finish: FinishReason.Stop, Content.StoppedBy: >= 0 and var stop }
        ? StopSequences[stop]
        : null;

    public static string ToolId(ToolCall call) => $"toolu_{call.Id[5..]}";
}
