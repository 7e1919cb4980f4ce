using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>What a call is likely to use, before anybody has counted a token.</summary>
internal static class CallEstimate
{
    /// <summary>What an image adds to the prompt in tokens; providers count some hundreds to some thousands.</summary>
    const int TokensPerImage = 1024;

    public static RouteRequest For(
        ModelRoute route, ApiOperation operation, in RequestFacts facts, ApiKey key, ServiceTier tier, DataRules? rules)
    {
        var prompt = (int)Math.Min(int.MaxValue, (long)route.EstimatePromptTokens(facts.PromptBytes)
            + facts.PromptTokenIds + ((long)facts.ImageCount * TokensPerImage));
        var isSilent = operation is ApiOperation.Embeddings or ApiOperation.Moderations or ApiOperation.Speech;
        var choices = Math.Max(facts.N, facts.BestOf) * Math.Max(1, facts.PromptCount);
        var limit = (int)Math.Min(facts.MaxOutputTokens, int.MaxValue);
        return new RouteRequest
        {
            Route = route,
            Needs = NeedsOf(operation, facts),
            PromptTokens = prompt,
            OutputTokens = isSilent ? 0 : route.EstimateOutputTokens(limit, choices),
            ExpectedOutputTokens = isSilent ? 0 : route.ExpectOutputTokens(prompt, limit, choices),
            PrefixHash = facts.PrefixHash,
            Countries = CountriesFor(key, rules),
            Barred = rules?.BarredOf(route) ?? 0,
            Unfit = rules?.UnfitOf(route) ?? 0,
            Tier = tier,
            Group = key.Group,
        };
    }

    /// <summary>Where a key's calls may go: where it may, within the rules on its project's data.</summary>
    public static CountrySet CountriesFor(ApiKey key, DataRules? rules) =>
        rules is null ? key.Countries : key.Countries.And(rules.Attempts);

    /// <summary>In words, what a request needs beyond plain text.</summary>
    public static string Describe(Capabilities needs) => needs.ToString();

    static Capabilities NeedsOf(ApiOperation operation, in RequestFacts facts)
    {
        var needs = Capabilities.None;
        needs |= facts.HasTools ? Capabilities.Tools : 0;
        needs |= facts.HasImages ? Capabilities.Vision : 0;
        needs |= facts.HasAudio ? Capabilities.Audio : 0;
        needs |= facts.HasJsonSchema ? Capabilities.JsonSchema : 0;
        needs |= facts.Logprobs ? Capabilities.Logprobs : 0;
        needs |= facts.N > 1 && !operation.IsPassThrough() ? Capabilities.MultipleChoices : 0;
        return needs;
    }
}
