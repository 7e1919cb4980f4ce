using System.Collections.Frozen;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Chat;

/// <summary>
/// Which members of a chat request a dialect can express. What it cannot is refused, never dropped in silence; only
/// members that change nothing about the answer may be left out.
/// </summary>
public sealed class Expressible
{
    /// <summary>Members that every dialect takes: the gateway acts on them, or they have an equivalent everywhere.</summary>
    static readonly string[] Everywhere =
    [
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "tools", "tool_choice",
        "functions", "function_call", "service_tier",
    ];

    /// <summary>Members that are for the provider's books and caches, and change nothing about the answer.</summary>
    static readonly string[] Harmless =
    [
        "user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
        "prediction",
    ];

    readonly string _dialect;
    readonly FrozenSet<string> _members;

    /// <summary>Says what a dialect can express.</summary>
    /// <param name="dialect">The dialect's name in the configuration, for errors.</param>
    /// <param name="members">Members beyond those that every dialect takes.</param>
    public Expressible(string dialect, params IEnumerable<string> members)
    {
        _dialect = dialect;
        _members = Everywhere.Concat(Harmless).Concat(members).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Finds what cannot be expressed.</summary>
    /// <returns>The fault with the first such member; null where everything can be expressed.</returns>
    public RequestFault? FindFault(ChatRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (string member in request.Members)
        {
            if (!_members.Contains(member) && !IsDefault(request, member))
            {
                return Refuse(member);
            }
        }

        return null;
    }

    /// <summary>A fault that names something that the dialect cannot express.</summary>
    /// <param name="what">The member or part, such as <c>logit_bias</c> or <c>messages[0].content[1]</c>.</param>
    /// <param name="hint">What to do about it; the usual advice when absent.</param>
    public RequestFault Refuse(string what, string? hint = null) => new(
        $"'{what}' cannot be expressed in the protocol of {_dialect}. "
        + (hint ?? "Leave it out, or ask for a model that is served by a cloud which knows it."),
        what, "unsupported_parameter");

    /// <summary>A member that asks for what happens anyway asks for nothing.</summary>
    static bool IsDefault(ChatRequest request, string member) => member switch
    {
        "n" => request.N == 1,
        "logprobs" => !request.Logprobs,
        "top_logprobs" => !request.Logprobs,
        "store" => request.Find("store") is { ValueKind: System.Text.Json.JsonValueKind.False },
        "frequency_penalty" => request.FrequencyPenalty == 0,
        "presence_penalty" => request.PresencePenalty == 0,
        "response_format" => request.Format.Kind == AnswerFormat.Text,
        "stop" => request.Stop.Count == 0,
        "logit_bias" => request.Find("logit_bias") is { } bias
            && bias.ValueKind == System.Text.Json.JsonValueKind.Object && !bias.EnumerateObject().Any(),
        "modalities" => request.Find("modalities") is { ValueKind: System.Text.Json.JsonValueKind.Array } modalities
            && modalities.EnumerateArray().All(m => m.ValueEquals("text"u8)),
        _ => false,
    };
}
