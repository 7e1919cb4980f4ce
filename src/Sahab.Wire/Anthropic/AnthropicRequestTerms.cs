namespace Sahab.Wire.Anthropic;

/// <summary>How requests to one deployment are written.</summary>
/// <param name="Model">The model, by the provider's name for it.</param>
/// <param name="Version">The API's version, a date such as <c>2023-06-01</c>.</param>
/// <param name="MaxTokens">Output tokens at most where the request gives no limit: the API needs one. At least 1.</param>
public sealed record AnthropicRequestTerms(string Model, string Version, int MaxTokens)
{
    /// <summary>From this version on, sampling parameters are refused, even at their default values.</summary>
    const string FirstVersionWithoutSampling = "2026-10-21";

    /// <summary>Whether the version takes <c>temperature</c>, <c>top_p</c> and <c>top_k</c>.</summary>
    public bool TakesSampling => string.CompareOrdinal(Version, FirstVersionWithoutSampling) < 0;
}
