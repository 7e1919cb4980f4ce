using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>What was spent and earned together, in US dollars.</summary>
/// <param name="Group">Of which model, organisation, provider, deployment or contract; empty: under no contract.</param>
/// <param name="RevenueUsd">By list and agreements, before volume discounts and free allowances.</param>
internal sealed record MarginTotal(string Group, long Calls, decimal CostUsd, decimal RevenueUsd)
{
    public decimal MarginUsd => RevenueUsd - CostUsd;
}

/// <summary>What margin is told by.</summary>
internal enum MarginDimension
{
    Model,
    Organisation,
    Provider,
    Deployment,
    Contract,
}

internal sealed partial class UsageStore
{
    /// <summary>
    /// Usage under a contract costs what its charges come to, all other what its own prices do; in an hour a series is under
    /// one contract or under none. Each part is summed by series before what a series is is looked up.
    /// </summary>
    static string MarginParts(MarginDimension by, bool ofOne)
    {
        string Own(string series) =>
            ofOne ? $"AND {series} IN (SELECT series_id FROM usage_series WHERE tenant = @Organisation)" : "";
        var contract = by != MarginDimension.Contract ? "0" : """
            COALESCE((SELECT MIN(c.terms_id) FROM usage_charge c WHERE c.hour_us = v.hour_us
                AND c.series_id = v.series_id AND c.terms_id <> 0 AND c.events > 0), 0)
            """;
        return $"""
            SELECT c.series_id AS series_id, c.terms_id AS terms_id, 0 AS calls, SUM(c.cost_usd) AS cost_usd,
                SUM(c.cost_nano_usd) AS cost_nano, 0 AS sale_usd, 0 AS sale_nano
            FROM usage_charge c WHERE c.hour_us >= @From AND c.hour_us < @Until AND c.terms_id <> 0 {Own("c.series_id")}
            GROUP BY 1, 2
            UNION ALL
            SELECT h.series_id, 0, 0, SUM(h.cost_usd), SUM(h.cost_nano_usd), 0, 0
            FROM usage_hour h WHERE h.hour_us >= @From AND h.hour_us < @Until {Own("h.series_id")} AND NOT EXISTS (
                SELECT 1 FROM usage_charge c WHERE c.hour_us = h.hour_us AND c.series_id = h.series_id
                    AND c.terms_id <> 0 AND c.events > 0)
            GROUP BY 1
            UNION ALL
            SELECT v.series_id, {contract}, SUM(v.calls), 0, 0, SUM(v.amount_usd), SUM(v.amount_nano_usd)
            FROM sale_hour v WHERE v.hour_us >= @From AND v.hour_us < @Until {Own("v.series_id")}
            GROUP BY 1, 2
            """;
    }

    /// <summary>What calls of whole hours cost and earned, at most <see cref="MaxGroups"/> groups.</summary>
    /// <param name="organisation">Only this one's; null: everybody's.</param>
    public async Task<List<MarginTotal>> MarginAsync(
        DateTimeOffset from, DateTimeOffset until, MarginDimension by, CancellationToken cancellation,
        string? organisation = null)
    {
        var group = by switch
        {
            MarginDimension.Model => "s.model",
            MarginDimension.Organisation => "s.tenant",
            MarginDimension.Provider => "s.provider",
            MarginDimension.Deployment => "s.deployment",
            _ => "COALESCE(t.contract_id, '')",
        };
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<
            (string, decimal Calls, decimal Cost, decimal CostNano, decimal Sale, decimal SaleNano)>(new CommandDefinition(
                $"""
                SELECT {group} AS margin_group, SUM(p.calls), SUM(p.cost_usd), SUM(p.cost_nano), SUM(p.sale_usd), SUM(p.sale_nano)
                FROM ({MarginParts(by, ofOne: organisation is not null)}) AS p
                    JOIN usage_series s ON s.series_id = p.series_id
                    LEFT JOIN charge_terms t ON t.terms_id = p.terms_id
                GROUP BY 1 ORDER BY 1 LIMIT {MaxGroups}
                """,
                new { From = UnixMicroseconds.From(from), Until = UnixMicroseconds.From(until), Organisation = organisation },
                cancellationToken: cancellation));
        return rows.ConvertAll(row => new MarginTotal(
            row.Item1, (long)row.Calls, ToUsd((long)row.Cost, (long)row.CostNano), ToUsd((long)row.Sale, (long)row.SaleNano)));
    }
}
