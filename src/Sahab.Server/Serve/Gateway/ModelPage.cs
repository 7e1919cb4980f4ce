using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>The part of a list of models that a client asks for, by its vendor's rules.</summary>
/// <param name="Models">The page, in the order of the whole list.</param>
/// <param name="HasMore">Whether there are more in the direction in which the client pages.</param>
internal readonly record struct ModelPage(ModelFacts[] Models, bool HasMore)
{
    /// <summary>The most models of a page, as both vendors have it.</summary>
    public const int MaxModels = 1000;

    const int AnthropicModels = 20;
    const int GeminiModels = 50;
    const string Active = "active";

    static readonly string[] Lifecycles = ["lifecycle", "lifecycle[]"];

    /// <summary>
    /// Anthropic's: <c>limit</c>, and <c>after_id</c> or <c>before_id</c>, the name next to which the page ends or begins.
    /// All models are in the lifecycle's stage <c>active</c>.
    /// </summary>
    public static ModelPage? OfAnthropic(ModelFacts[] all, IQueryCollection query, out RequestFault fault)
    {
        fault = default;
        if (ReadSize(query, "limit", AnthropicModels) is not (>= 1 and <= MaxModels and var limit))
        {
            fault = Fault("limit", $"'limit' must be a whole number from 1 to {MaxModels}.");
            return null;
        }

        var stages = Lifecycles.SelectMany(name => query[name]).OfType<string>()
            .SelectMany(given => given.Split(',')).ToList();
        if (stages.Count > 0 && !stages.Contains(Active, StringComparer.Ordinal))
        {
            all = [];
        }

        string? after = query["after_id"], before = query["before_id"];
        if (after is not null && before is not null)
        {
            fault = Fault("before_id", "Give 'after_id' or 'before_id', not both.");
            return null;
        }

        if ((after ?? before) is not { } mark)
        {
            return From(all, 0, limit);
        }

        var at = Array.FindIndex(all, model => model.Name == mark);
        if (at < 0)
        {
            var name = after is null ? "before_id" : "after_id";
            fault = Fault(name, $"'{name}' must be the id of a model that this list holds.");
            return null;
        }

        var start = Math.Max(0, at - limit);
        return after is null ? new ModelPage(all[start..at], start > 0) : From(all, at + 1, limit);
    }

    /// <summary>Gemini's: <c>pageSize</c>, more than the most being the most, and <c>pageToken</c>.</summary>
    public static ModelPage? OfGemini(ModelFacts[] all, IQueryCollection query, out RequestFault fault)
    {
        fault = default;
        if (ReadSize(query, "pageSize", GeminiModels) is not (>= 0 and var size))
        {
            fault = Fault("pageSize", "'pageSize' must be a whole number and not negative.");
            return null;
        }

        var start = 0;
        if (query["pageToken"].ToString() is { Length: > 0 } token)
        {
            start = 1 + Array.FindIndex(all, model => TokenAfter(model) == token);
            if (start == 0)
            {
                fault = Fault("pageToken", "'pageToken' must be the nextPageToken of a page before this one.");
                return null;
            }
        }

        return From(all, start, Math.Min(size == 0 ? GeminiModels : size, MaxModels));
    }

    /// <summary>What Gemini's clients ask with for what follows this page; null where nothing does.</summary>
    public string? NextToken() => HasMore ? TokenAfter(Models[^1]) : null;

    static ModelPage From(ModelFacts[] all, int start, int size)
    {
        var end = Math.Min(all.Length, start + size);
        return new ModelPage(all[start..end], end < all.Length);
    }

    /// <summary>The name of a page's last model, so that a list that grows meanwhile loses no model.</summary>
    static string TokenAfter(in ModelFacts last) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(last.Name));

    /// <summary>The number given, or the usual one; -1 where it is none.</summary>
    static int ReadSize(IQueryCollection query, string name, int usual) =>
        query[name].ToString() is not { Length: > 0 } text ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : -1;

    static RequestFault Fault(string name, string message) => new(message, name, "invalid_value");
}
