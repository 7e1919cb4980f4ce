using System.Collections.Immutable;
using System.Globalization;
using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>A hosted model with its list price, US dollars for a million tokens.</summary>
internal sealed record ListedModel(string Id, int ContextTokens, Operation Operation, PriceConfig Price);

/// <summary>
/// List prices of well-known models at api.openai.com, used only where there is no configuration. Taken on 2026-08-21
/// from https://github.com/pydantic/genai-prices (MIT licence). Models whose price depends on the length of the prompt
/// are left out, because one price would be wrong for them.
/// </summary>
internal static class OpenAiPrices
{
    static readonly ImmutableArray<ListedModel> Models =
    [
        Chat("gpt-3.5-turbo", 16_385, 0.5m, null, 1.5m),
        Chat("gpt-4-turbo", 128_000, 10m, null, 30m),
        Chat("gpt-4.1", 1_000_000, 2m, 0.5m, 8m),
        Chat("gpt-4.1-mini", 1_000_000, 0.4m, 0.1m, 1.6m),
        Chat("gpt-4.1-nano", 1_000_000, 0.1m, 0.025m, 0.4m),
        Chat("gpt-4o", 128_000, 2.5m, 1.25m, 10m),
        Chat("gpt-4o-mini", 128_000, 0.15m, 0.075m, 0.6m),
        Chat("gpt-5", 400_000, 1.25m, 0.125m, 10m),
        Chat("gpt-5-mini", 400_000, 0.25m, 0.025m, 2m),
        Chat("gpt-5-nano", 400_000, 0.05m, 0.005m, 0.4m),
        Chat("gpt-5.1", 400_000, 1.25m, 0.125m, 10m),
        Chat("gpt-5.2", 400_000, 1.75m, 0.175m, 14m),
        Chat("gpt-5.4-mini", 400_000, 0.75m, 0.075m, 4.5m),
        Chat("gpt-5.4-nano", 400_000, 0.2m, 0.02m, 1.25m),
        Chat("gpt-5.5", 1_000_000, 5m, 0.5m, 30m),
        Chat("o1", 128_000, 15m, 7.5m, 60m),
        Chat("o3", 0, 2m, 0.5m, 8m),
        Chat("o3-mini", 0, 1.1m, 0.55m, 4.4m),
        Chat("o4-mini", 0, 1.1m, 0.275m, 4.4m),
        Embedding("text-embedding-3-large", 8_192, 0.13m),
        Embedding("text-embedding-3-small", 8_192, 0.02m),
        Embedding("text-embedding-ada-002", 8_192, 0.1m),
    ];

    /// <summary>The listed model behind a name as the API gives it, dated (<c>gpt-4o-2024-11-20</c>) or not.</summary>
    public static ListedModel? Find(string name)
    {
        foreach (var model in Models)
        {
            if (name == model.Id
                || (name.StartsWith(model.Id + "-", StringComparison.Ordinal)
                    && DateOnly.TryParseExact(
                        name.AsSpan(model.Id.Length + 1), "yyyy-MM-dd", CultureInfo.InvariantCulture,
                        DateTimeStyles.None, out var date)
                    && IsSamePrice(model.Id, date)))
            {
                return model;
            }
        }

        return null;
    }

    // The first gpt-4o cost more than its successors; the source lists one price for all of them.
    static bool IsSamePrice(string id, DateOnly date) => id != "gpt-4o" || date >= new DateOnly(2024, 8, 1);

    static ListedModel Chat(string id, int context, decimal prompt, decimal? cached, decimal output) =>
        new(id, context, Operation.ChatCompletions, new PriceConfig { Prompt = prompt, Cached = cached, Output = output });

    static ListedModel Embedding(string id, int context, decimal prompt) =>
        new(id, context, Operation.Embeddings, new PriceConfig { Prompt = prompt, Output = 0 });
}
