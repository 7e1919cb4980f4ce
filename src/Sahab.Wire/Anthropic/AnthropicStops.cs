namespace Sahab.Wire.Anthropic;

/// <summary>Why an answer ended, in Anthropic's words and in OpenAI's.</summary>
static class AnthropicStops
{
    /// <summary>OpenAI's word for one of Anthropic's; a word that is not known is taken for a plain end.</summary>
    public static string ToFinish(string reason) => reason switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        _ => "stop",
    };

    /// <summary>Anthropic's word for one of OpenAI's.</summary>
    public static string FromFinish(string? finish) => finish switch
    {
        "length" => "max_tokens",
        "tool_calls" or "function_call" => "tool_use",
        "content_filter" => "refusal",
        _ => "end_turn",
    };
}
