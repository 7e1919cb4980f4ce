using System.Globalization;
using System.Text.Json.Nodes;

namespace Sahab.Server.Plan.Replay;

/// <summary>What each provider's usage had come to at one moment, as the server's account says.</summary>
internal sealed record ProviderCosts(IReadOnlyDictionary<string, decimal> UsdByProvider, long OutputTokens)
{
    /// <summary>Reads the answer of <c>GET /api/usage?by=provider</c>.</summary>
    public static ProviderCosts Read(JsonNode usage)
    {
        var rows = usage["data"]!.AsArray();
        return new ProviderCosts(
            rows.ToDictionary(
                row => row!["provider"]!.ToString(),
                row => decimal.Parse(
                    row!["cost_usd"]!.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)),
            rows.Sum(row => (long)row!["tokens"]!["output"]!));
    }

    /// <summary>The report with what each provider's account grew by since an earlier reading.</summary>
    public ReplayReport AddTo(ReplayReport report, ProviderCosts before)
    {
        var idle = UsdByProvider.Keys
            .Where(name => CostSince(before, name) != 0 && report.Providers.All(total => total.Provider != name))
            .Select(name => new ProviderTotal(name, 0, 0, 0, 0, 0, null));
        return report with
        {
            Providers = [.. report.Providers.Concat(idle)
                .Select(total => total with { CostUsd = CostSince(before, total.Provider) })],
        };
    }

    decimal CostSince(ProviderCosts before, string provider) =>
        UsdByProvider.GetValueOrDefault(provider) - before.UsdByProvider.GetValueOrDefault(provider);
}
