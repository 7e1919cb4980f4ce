using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Conformance;

/// <summary>A request in no API's words; each face of the front door writes it in its own.</summary>
internal sealed record Talk
{
    public string? System { get; init; }

    public required IReadOnlyList<Turn> Turns { get; init; }

    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, or the name of a tool; null where nothing is said.</summary>
    public string? ToolChoice { get; init; }

    public bool? Parallel { get; init; }

    public int? MaxTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>The JSON schema that the answer must follow.</summary>
    public JsonObject? Schema { get; init; }

    public string? Effort { get; init; }

    public int? Seed { get; init; }

    public string? User { get; init; }

    /// <summary>Members of OpenAI's chat completions that only its own face can say.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>The model's name in place of the right one.</summary>
    public string? Model { get; init; }

    /// <summary>The key in place of the right one; empty for none.</summary>
    public string? Key { get; init; }

    /// <summary>The body in place of a right one.</summary>
    public string? Body { get; init; }

    /// <summary>After how many bytes of a stream the client leaves.</summary>
    public int? LeavesAfterBytes { get; init; }

    public static Talk Say(string text) => new() { Turns = [new Turn("user", text)] };
}

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
internal sealed record Turn(string Role, string Text)
{
    /// <summary>Images beside the text: data URLs, or addresses.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    public IReadOnlyList<ToolUse> Uses { get; init; } = [];

    /// <summary>Of a tool's turn: the call that it answers, and the tool's name.</summary>
    public string Answers { get; init; } = "";

    public string ToolName { get; init; } = "";
}

internal sealed record Tool(string Name, JsonObject? Parameters);

/// <summary>A call of a tool.</summary>
/// <param name="Arguments">JSON text.</param>
internal sealed record ToolUse(string Id, string Name, string Arguments);

/// <summary>An answer in no API's words.</summary>
internal sealed record Heard
{
    public int Status { get; init; }

    public string Text { get; init; } = "";

    public string Reasoning { get; init; } = "";

    public IReadOnlyList<ToolUse> Uses { get; init; } = [];

    /// <summary><c>stop</c>, <c>length</c>, <c>tool_calls</c>, <c>content_filter</c>; empty where none was told.</summary>
    public string Finish { get; init; } = "";

    /// <summary>Prompt tokens with cached ones, cached tokens, output tokens; none where nothing was told.</summary>
    public (long Prompt, long Cached, long Output)? Usage { get; init; }

    /// <summary>The tokens whose probabilities were told, each with the number of its alternatives.</summary>
    public IReadOnlyList<(string Token, int Alternatives)> Probable { get; init; } = [];

    public string? ErrorMessage { get; init; }

    public string? ErrorCode { get; init; }

    public string? RetryAfter { get; init; }

    /// <summary>Whether the stream was cut, or told an error inside it.</summary>
    public bool IsBroken { get; init; }

    /// <summary>Whether it ended in the way of its API.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Pieces of text in which it came.</summary>
    public int Pieces { get; init; }

    public string? RequestId { get; init; }

    /// <summary>The parsed body of an answer in one piece.</summary>
    public JsonNode? Raw { get; init; }
}
