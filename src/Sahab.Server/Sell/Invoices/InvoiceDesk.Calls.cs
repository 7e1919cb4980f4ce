using System.Text.Json.Nodes;
using Sahab.Ledger.Sales;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Invoices;

/// <content>The calls beneath the lines of a document.</content>
internal sealed partial class InvoiceDesk
{
    /// <summary>Pages of calls that are looked through for those of one project before the list is told in part.</summary>
    public const int MaxReads = 20;

    /// <summary>The calls that a line is made of; none of a line that is not made of calls.</summary>
    /// <param name="document">The document, or draft.</param>
    /// <param name="number">Which of its lines, from 1.</param>
    public async Task<(IReadOnlyList<SoldCall> Calls, EventMark? Next)> CallsAsync(
        string organisation, JsonNode document, int number, EventMark? before, int limit, CancellationToken cancellation)
    {
        var line = document["lines"]![number - 1]!;
        if (await SoughtAsync(organisation, document, line, cancellation) is not { } sought)
        {
            return ([], null);
        }

        // Of which project a key is, the rows of calls do not say: those of a project are looked for.
        var project = line["project"]?.ToString() ?? "";
        var projectOf = project.Length > 0 ? await ProjectsAsync(organisation, cancellation) : null;
        var (atOnce, found) = (projectOf is null ? limit : UsageStore.MaxPage, new List<SoldCall>());
        for (var read = 0; read < MaxReads; read++)
        {
            var calls = await usage.SoldCallsAsync(sought, before, atOnce, cancellation);
            found.AddRange(calls
                .Where(call => projectOf is null || projectOf(call.Usage.Key) == project)
                .Take(limit - found.Count));
            before = found.Count == limit ? EventMark.Of(found[^1].Usage)
                : calls.Count < atOnce ? null : EventMark.Of(calls[^1].Usage);
            if (before is null || found.Count == limit)
            {
                break;
            }
        }

        return (found, before);
    }

    /// <summary>
    /// Which calls a line is made of. Receipts tell what was known when an invoice was issued, and what came or was corrected
    /// between two of them. Null: it is not made of calls.
    /// </summary>
    async Task<SoldCalls?> SoughtAsync(
        string organisation, JsonNode document, JsonNode line, CancellationToken cancellation)
    {
        string Text(string name) => line[name]?.ToString() ?? "";
        if (Text("model").Length == 0 || !InvoiceApi.TryMonth(Text("month"), out var month))
        {
            return null;
        }

        var known = new SoldCalls(organisation, StartOf(month), StartOf(month.AddMonths(1)))
        {
            Model = Text("model"),
            ReceiptsThrough = ThroughOf(document) is > 0 and var through ? through : long.MaxValue,
        };
        return Text("kind") switch
        {
            "usage" or "call_rounding" => known with
            {
                ServiceTier = Text("service_tier"),
                Plan = Text("plan"),
                TermsId = line["terms"]?.GetValue<long>() ?? 0,
            },
            // What reserved capacity covers uses up no allowance and fills no band.
            "free" or "volume" => known with { Plan = Text("plan"), WithoutCovered = true },
            "late_usage" or "late_discount" => known with
            {
                ReceiptsAfter = await ThroughBeforeAsync(organisation, month, document, cancellation),
                WithoutCovered = Text("kind") == "late_discount",
            },
            "reservation" => await CoveredAsync(known, Text("plan"), cancellation),
            _ => null,
        };
    }

    /// <summary>What a reservation covered of a month: calls of its tier while it was in force.</summary>
    async Task<SoldCalls> CoveredAsync(SoldCalls month, string plan, CancellationToken cancellation)
    {
        var reservation = await capacity.FindAsync(
            month.Organisation, plan[(plan.LastIndexOf('/') + 1)..], cancellation);
        return month with
        {
            ServiceTier = PricePlan.Reserved,
            From = reservation is { From: var from } && from > month.From ? from : month.From,
            Until = reservation is { Until: var until } && until < month.Until ? until : month.Until,
            ReceiptsThrough = long.MaxValue,
        };
    }

    /// <summary>
    /// The last receipt that the invoice before a document knew of; 0: there was none, or nothing of the month was on it or
    /// on those before it.
    /// </summary>
    async Task<long> ThroughBeforeAsync(
        string organisation, DateOnly of, JsonNode document, CancellationToken cancellation) =>
        InvoiceApi.TryMonth(document["month"]!.ToString(), out var month)
        && await store.IsInvoicedBeforeAsync(organisation, of, month, cancellation)
        && await store.ContentBeforeAsync(organisation, month, cancellation) is { } before
            ? ThroughOf(JsonNode.Parse(before)!) : 0;

    static long ThroughOf(JsonNode document) => document["receipts"]?["through"]?.GetValue<long>() ?? 0;
}
