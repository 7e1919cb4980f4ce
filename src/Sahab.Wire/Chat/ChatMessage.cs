using System.Text.Json;

namespace Sahab.Wire.Chat;

/// <summary>Who speaks.</summary>
public enum ChatRole : byte
{
    /// <summary>The operator of the conversation, <c>system</c> or <c>developer</c>.</summary>
    System,

    /// <summary>The user.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,

    /// <summary>A tool that was called, <c>tool</c> or the older <c>function</c>.</summary>
    Tool,
}

/// <summary>One message of a conversation.</summary>
public sealed record ChatMessage
{
    /// <summary>Who speaks.</summary>
    public required ChatRole Role { get; init; }

    /// <summary>Where it stands in the request, such as <c>messages[3]</c>, for errors.</summary>
    public required string Path { get; init; }

    /// <summary>What is said, in order; a plain string is one part of text. May be empty.</summary>
    public required IReadOnlyList<ChatPart> Parts { get; init; }

    /// <summary>The tools that the model called.</summary>
    public required IReadOnlyList<ChatToolCall> ToolCalls { get; init; }

    /// <summary>Which call a tool answers; null for other roles, and for the older <c>function</c>.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Whether a tool failed (<c>is_error</c>, which OpenAI's own API does not have).</summary>
    public bool IsError { get; init; }

    /// <summary>The speaker's name, or the function's.</summary>
    public string? Name { get; init; }

    /// <summary>The model's reasoning (<c>reasoning_content</c> or <c>reasoning</c>); null where none is given.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Reasoning that the provider wants back as it is (<c>thinking_blocks</c>): JSON objects.</summary>
    public required IReadOnlyList<JsonElement> ThinkingBlocks { get; init; }

    /// <summary>All text of the message, joined.</summary>
    public string Text => string.Concat(Parts.Where(part => part.Kind == ChatPartKind.Text).Select(part => part.Text));
}

/// <summary>What a part of a message is.</summary>
public enum ChatPartKind : byte
{
    /// <summary>Text; a refusal counts as such.</summary>
    Text,

    /// <summary>An image.</summary>
    Image,

    /// <summary>Sound.</summary>
    Audio,

    /// <summary>A document, such as a PDF (OpenAI calls it a file).</summary>
    Document,
}

/// <summary>A part of a message.</summary>
public sealed record ChatPart
{
    /// <summary>What it is.</summary>
    public required ChatPartKind Kind { get; init; }

    /// <summary>Where it stands in the request, for errors.</summary>
    public required string Path { get; init; }

    /// <summary>The text; empty for other kinds.</summary>
    public string Text { get; init; } = "";

    /// <summary>Media type of what is given inline, such as <c>image/png</c>; null where it is not inline.</summary>
    public string? MediaType { get; init; }

    /// <summary>What is given inline, in base64; null where it is not.</summary>
    public string? Data { get; init; }

    /// <summary>Where it can be fetched (http, https, gs, s3), or a file's id; null where it is given inline.</summary>
    public string? Url { get; init; }

    /// <summary>How closely to look at an image: <c>low</c>, <c>high</c>, <c>auto</c>; null where not given.</summary>
    public string? Detail { get; init; }

    /// <summary>A file's name; null where not given.</summary>
    public string? FileName { get; init; }

    /// <summary>Anthropic's <c>cache_control</c>, which gateways let pass; null where not given.</summary>
    public JsonElement? CacheControl { get; init; }
}

/// <summary>A call of a tool that the model made earlier.</summary>
/// <param name="Path">Where it stands in the request, for errors.</param>
/// <param name="Id">Its id.</param>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">Its arguments as JSON text, valid or not: a model wrote them.</param>
/// <param name="Signature">Gemini's <c>thoughtSignature</c> (<c>extra_content.google.thought_signature</c>); null elsewhere.</param>
public sealed record ChatToolCall(string Path, string Id, string Name, string Arguments, string? Signature);

/// <summary>A tool that the model may call.</summary>
/// <param name="Path">Where it stands in the request, for errors.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does; null where not given.</param>
/// <param name="Parameters">JSON schema of its arguments; null where it takes none.</param>
/// <param name="Strict">Whether arguments must follow the schema; null where left open.</param>
/// <param name="CacheControl">Anthropic's <c>cache_control</c>, which gateways let pass; null where not given.</param>
public sealed record ChatTool(
    string Path, string Name, string? Description, JsonElement? Parameters, bool? Strict,
    JsonElement? CacheControl = null);

/// <summary>How tools may be called.</summary>
public enum ChatToolMode : byte
{
    /// <summary>As the model sees fit.</summary>
    Auto,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>At least one.</summary>
    Required,

    /// <summary>The one that is named.</summary>
    Named,
}

/// <summary>Which tools may be called.</summary>
/// <param name="Mode">How.</param>
/// <param name="Name">The tool, where one is named.</param>
/// <param name="Allowed">The tools that may be called, where the request narrows them (<c>allowed_tools</c>); null for all.</param>
public sealed record ChatToolChoice(ChatToolMode Mode, string? Name = null, IReadOnlyList<string>? Allowed = null);

/// <summary>The form of an answer.</summary>
/// <param name="Kind">Text, some JSON object, or JSON of a schema.</param>
/// <param name="Name">The schema's name; null where there is none.</param>
/// <param name="Description">What it stands for; null where not given.</param>
/// <param name="Schema">The JSON schema; null where there is none.</param>
/// <param name="Strict">Whether it must be followed; null where left open.</param>
public sealed record ChatFormat(
    OpenAI.AnswerFormat Kind, string? Name = null, string? Description = null, JsonElement? Schema = null,
    bool? Strict = null);
