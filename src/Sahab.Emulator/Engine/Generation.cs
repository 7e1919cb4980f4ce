using System.Text.Json;

namespace Sahab.Emulator.Engine;

internal enum FinishReason
{
    Stop,
    Length,
    ToolCalls,
}

internal enum PieceKind
{
    /// <summary>A token that is counted and not shown.</summary>
    Hidden,
    Reasoning,
    Content,

    /// <summary>The name of a tool, which counts as one token.</summary>
    ToolStart,
    ToolArguments,
}

/// <summary>One generated token.</summary>
internal readonly ref struct Piece(PieceKind kind, ReadOnlySpan<byte> text, int tool = 0)
{
    public PieceKind Kind { get; } = kind;

    public ReadOnlySpan<byte> Text { get; } = text;

    public int Tool { get; } = tool;
}

/// <summary>What a request asks to be written to a cache that is billed for it, and for how long.</summary>
internal enum CacheMark
{
    None,

    /// <summary>For the vendor's usual time, some minutes.</summary>
    Usual,
    Hour,
}

/// <summary>A tool that the answer is to call; its arguments are made from its schema.</summary>
internal readonly record struct ToolRequest(string Name, JsonElement? Parameters);

/// <summary>A call of a tool in an answer.</summary>
internal sealed record ToolCall(string Id, string Name, TokenSource Arguments);

/// <summary>What a dialect asks the engine to generate.</summary>
internal sealed class GenerationRequest : IDisposable
{
    public List<PromptText> Prompts { get; } = [];

    public int Choices { get; set; } = 1;

    /// <summary>The most tokens per choice; the rest of the context when absent.</summary>
    public int? MaxTokens { get; set; }

    /// <summary>Whether exactly <see cref="MaxTokens"/> are wanted.</summary>
    public bool IgnoreEos { get; set; }

    public List<byte[]> Stops { get; } = [];

    public long Seed { get; set; }

    /// <summary>The part of the output that is reasoning, 0 to 1.</summary>
    public double ReasoningShare { get; set; }

    /// <summary>Whether the answer is JSON; of <see cref="Schema"/> if there is one.</summary>
    public bool Json { get; set; }

    public JsonElement? Schema { get; set; }

    public List<ToolRequest> Tools { get; } = [];

    /// <summary>Whether the prompt is looked up in the cache and kept there.</summary>
    public bool CachesPrompt { get; set; } = true;

    /// <summary>What the cloud writes to its cache at a price of its own. Where several are asked for, the longest.</summary>
    public CacheMark CacheMark { get; set; }

    public int PromptTokens => (int)Math.Min(int.MaxValue, Prompts.Sum(p => (long)p.Tokens));

    public void Dispose() => Prompts.ForEach(p => p.Dispose());
}

/// <summary>One choice of an answer: every token that it will have, before the first is sent.</summary>
internal sealed class Sequence
{
    public required int ReasoningTokens { get; init; }

    public required bool ShowsReasoning { get; init; }

    public required TokenSource Reasoning { get; init; }

    public TokenSource? Content { get; init; }

    public IReadOnlyList<ToolCall> Tools { get; init; } = [];

    public required FinishReason Finish { get; set; }

    public int Count => ReasoningTokens + (Content?.Count ?? Tools.Sum(t => 1 + t.Arguments.Count));

    public Piece At(int index)
    {
        if (index < ReasoningTokens)
        {
            return ShowsReasoning
                ? new Piece(PieceKind.Reasoning, Reasoning.At(index))
                : new Piece(PieceKind.Hidden, default);
        }
        index -= ReasoningTokens;
        if (Content is not null)
        {
            return new Piece(PieceKind.Content, Content.At(index));
        }
        for (var tool = 0; ; tool++)
        {
            if (index == 0)
            {
                return new Piece(PieceKind.ToolStart, default, tool);
            }
            var arguments = Tools[tool].Arguments;
            if (index <= arguments.Count)
            {
                return new Piece(PieceKind.ToolArguments, arguments.At(index - 1), tool);
            }
            index -= 1 + arguments.Count;
        }
    }
}

/// <summary>A planned answer.</summary>
internal sealed class Generation
{
    public required Sequence[] Choices { get; init; }

    public required int PromptTokens { get; init; }

    /// <summary>Prefix hashes of each prompt, in blocks of the cloud's cache.</summary>
    public required ulong[][] Blocks { get; init; }

    /// <summary>The most tokens that the request allowed, as a rate limit counts it.</summary>
    public required long OutputEstimate { get; init; }

    /// <summary>Output tokens beside those of the choices: what is generated is no text.</summary>
    public long OtherOutputTokens { get; init; }

    public CacheMark CacheMark { get; init; }

    public int CachedTokens { get; set; }

    public int CacheWrittenTokens { get; set; }

    /// <summary>Tokens of the longest choice.</summary>
    public int Steps => Choices.Length == 0 ? 0 : Choices.Max(c => c.Count);

    public long OutputTokens => OtherOutputTokens + Choices.Sum(c => (long)c.Count);

    public Usage Usage => ToUsage(OutputTokens, Choices.Sum(c => (long)c.ReasoningTokens));

    /// <summary>The usage of an answer that has come so far.</summary>
    public Usage ToUsage(long output, long reasoning) => new(PromptTokens, CachedTokens, output, reasoning)
    {
        CacheWritten = CacheWrittenTokens,
        CacheWritten1h = CacheMark == CacheMark.Hour ? CacheWrittenTokens : 0,
    };
}
