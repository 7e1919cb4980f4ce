using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>The members of a request that the gateway acts upon.</summary>
[Flags]
enum RequestMember
{
    None = 0,
    Model = 1 << 0,
    Messages = 1 << 1,
    Prompt = 1 << 2,
    Input = 1 << 3,
    Stream = 1 << 4,
    StreamOptions = 1 << 5,
    IncludeUsage = 1 << 6,
    RunningUsage = 1 << 7,
    N = 1 << 8,
    BestOf = 1 << 9,
    MaxTokens = 1 << 10,
    MaxCompletionTokens = 1 << 11,
    Tools = 1 << 12,
    Functions = 1 << 13,
    ResponseFormat = 1 << 14,
    Logprobs = 1 << 15,
    TopLogprobs = 1 << 16,
    Modalities = 1 << 17,
    Audio = 1 << 18,
    PromptCacheKey = 1 << 19,
    IgnoreEos = 1 << 20,
    ServiceTier = 1 << 21,
    EncodingFormat = 1 << 22,
}

/// <summary>Which members an operation has, and what their words mean.</summary>
static class RequestMembers
{
    const RequestMember ChatOnly =
        RequestMember.Messages | RequestMember.MaxCompletionTokens | RequestMember.Tools | RequestMember.Functions
        | RequestMember.ResponseFormat | RequestMember.TopLogprobs | RequestMember.Modalities | RequestMember.Audio;

    const RequestMember Generation =
        RequestMember.Stream | RequestMember.StreamOptions | RequestMember.N | RequestMember.MaxTokens
        | RequestMember.Logprobs | RequestMember.PromptCacheKey | RequestMember.IgnoreEos;

    const RequestMember Everywhere = RequestMember.Model | RequestMember.ServiceTier;

    public static RequestMember Find(ReadOnlySpan<byte> body, JsonText name, ApiOperation operation)
    {
        RequestMember member = name.HasEscapes ? FindEscaped(body, name) : Find(name.Raw(body));
        return member & operation switch
        {
            ApiOperation.ChatCompletions => Everywhere | Generation | ChatOnly,
            ApiOperation.Completions => Everywhere | Generation | RequestMember.Prompt | RequestMember.BestOf,
            _ => Everywhere | RequestMember.Input | RequestMember.EncodingFormat,
        };
    }

    public static RequestMember PromptOf(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => RequestMember.Messages,
        ApiOperation.Completions => RequestMember.Prompt,
        _ => RequestMember.Input,
    };

    public static RequestTier Tier(ReadOnlySpan<byte> body, JsonText text) =>
        text.Is(body, "auto"u8) ? RequestTier.Auto
        : text.Is(body, "default"u8) ? RequestTier.Default
        : text.Is(body, "flex"u8) ? RequestTier.Flex
        : text.Is(body, "priority"u8) ? RequestTier.Priority
        : text.Is(body, "scale"u8) ? RequestTier.Scale
        : text.Is(body, "batch"u8) ? RequestTier.Batch
        : RequestTier.Absent;

    public static EmbeddingEncoding Encoding(ReadOnlySpan<byte> body, JsonText text) =>
        text.Is(body, "float"u8) ? EmbeddingEncoding.Float
        : text.Is(body, "base64"u8) ? EmbeddingEncoding.Base64
        : EmbeddingEncoding.Absent;

    public static string PathOf(RequestMember member) => member switch
    {
        RequestMember.Model => "model",
        RequestMember.Messages => "messages",
        RequestMember.Prompt => "prompt",
        RequestMember.Input => "input",
        RequestMember.Stream => "stream",
        RequestMember.StreamOptions => "stream_options",
        RequestMember.IncludeUsage => "stream_options.include_usage",
        RequestMember.RunningUsage => "stream_options.continuous_usage_stats",
        RequestMember.N => "n",
        RequestMember.BestOf => "best_of",
        RequestMember.MaxTokens => "max_tokens",
        RequestMember.MaxCompletionTokens => "max_completion_tokens",
        RequestMember.Tools => "tools",
        RequestMember.Functions => "functions",
        RequestMember.ResponseFormat => "response_format",
        RequestMember.Logprobs => "logprobs",
        RequestMember.TopLogprobs => "top_logprobs",
        RequestMember.Modalities => "modalities",
        RequestMember.Audio => "audio",
        RequestMember.PromptCacheKey => "prompt_cache_key",
        RequestMember.IgnoreEos => "ignore_eos",
        RequestMember.ServiceTier => "service_tier",
        _ => "encoding_format",
    };

    /// <summary>A name may be written <c>"mod\u0065l"</c>, and whoever is asked next will read it as model.</summary>
    static RequestMember FindEscaped(ReadOnlySpan<byte> body, JsonText name)
    {
        Span<byte> plain = stackalloc byte[32];
        return name.TryUnescape(body, plain, out int written) ? Find(plain[..written]) : RequestMember.None;
    }

    static RequestMember Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        1 when name.SequenceEqual("n"u8) => RequestMember.N,
        5 => name.SequenceEqual("model"u8) ? RequestMember.Model
            : name.SequenceEqual("input"u8) ? RequestMember.Input
            : name.SequenceEqual("tools"u8) ? RequestMember.Tools
            : name.SequenceEqual("audio"u8) ? RequestMember.Audio
            : RequestMember.None,
        6 => name.SequenceEqual("stream"u8) ? RequestMember.Stream
            : name.SequenceEqual("prompt"u8) ? RequestMember.Prompt
            : RequestMember.None,
        7 when name.SequenceEqual("best_of"u8) => RequestMember.BestOf,
        8 => name.SequenceEqual("messages"u8) ? RequestMember.Messages
            : name.SequenceEqual("logprobs"u8) ? RequestMember.Logprobs
            : RequestMember.None,
        9 when name.SequenceEqual("functions"u8) => RequestMember.Functions,
        10 => name.SequenceEqual("max_tokens"u8) ? RequestMember.MaxTokens
            : name.SequenceEqual("modalities"u8) ? RequestMember.Modalities
            : name.SequenceEqual("ignore_eos"u8) ? RequestMember.IgnoreEos
            : RequestMember.None,
        12 => name.SequenceEqual("service_tier"u8) ? RequestMember.ServiceTier
            : name.SequenceEqual("top_logprobs"u8) ? RequestMember.TopLogprobs
            : RequestMember.None,
        14 when name.SequenceEqual("stream_options"u8) => RequestMember.StreamOptions,
        15 => name.SequenceEqual("response_format"u8) ? RequestMember.ResponseFormat
            : name.SequenceEqual("encoding_format"u8) ? RequestMember.EncodingFormat
            : RequestMember.None,
        16 when name.SequenceEqual("prompt_cache_key"u8) => RequestMember.PromptCacheKey,
        21 when name.SequenceEqual("max_completion_tokens"u8) => RequestMember.MaxCompletionTokens,
        _ => RequestMember.None,
    };
}
