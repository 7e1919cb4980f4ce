using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>What the writing of an answer needs to know, once the request itself is gone.</summary>
internal sealed record AnswerShape
{
    public required string Id { get; init; }

    public required string Model { get; init; }

    public required long Created { get; init; }

    public required VendorStyle Vendor { get; init; }

    public required Generation Generation { get; init; }

    /// <summary>The tier to tell; null for none.</summary>
    public string? ServiceTier { get; init; }

    public bool Streams { get; init; }

    public bool IncludesUsage { get; init; }

    public bool IncludesRunningUsage { get; init; }

    /// <summary>Alternatives per token; null when no logprobs are wanted.</summary>
    public int? Logprobs { get; init; }

    /// <summary>Whether the results of Azure's content filters are told.</summary>
    public bool TellsFilters { get; init; }

    /// <summary>For plain completions: the prompts to repeat.</summary>
    public string[]? Echo { get; init; }

    /// <summary>For plain completions: choices per prompt.</summary>
    public int ChoicesPerPrompt { get; init; } = 1;

    public static string Name(FinishReason reason) => reason switch
    {
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => "stop",
    };
}
