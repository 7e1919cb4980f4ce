using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;

namespace Sahab.Crash;

/// <summary>Invoices of many organisations for a month, for a process that is killed while it issues them.</summary>
internal static class CrashInvoices
{
    public const int Organisations = 400;

    public static readonly DateOnly Month = new(2026, 11, 1);

    static readonly DateTimeOffset Now = new(2026, 12, 1, 2, 0, 0, TimeSpan.Zero);

    static readonly PriceBook Book = new(
        [new PriceList("l", default, [new ModelPrice("m", new PricePlan(new TokenPrice(3, 3, 3, 3, 15)))])], [], TimeSpan.Zero);

    /// <summary>Posts a call of each organisation.</summary>
    public static async Task PostAsync(UsageStore usage)
    {
        for (var number = 0; number < Organisations; number++)
        {
            var id = new Guid(number + 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
            await usage.PostAsync(
                new Guid(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2), number,
                [
                    new UsageEvent
                    {
                        EventId = id, CallId = id, Attempt = 1, StartedAt = Now.AddDays(-5), Duration = TimeSpan.Zero,
                        Tenant = $"org-{number}", Key = "k", Model = "m", Deployment = "d", Provider = "p", Region = "r",
                        Country = "US", Operation = "chat.completions", ServiceTier = "default",
                        Outcome = AttemptOutcome.Succeeded, UpstreamStatus = 200, Usage = new TokenUsage(1000 + number, 0, 7, 0),
                        Prices = default,
                    },
                ],
                CancellationToken.None);
        }
    }

    public static UsageStore UsageOf(SahabDatabase database) => new(database, null, () => Book);

    public static InvoiceDesk DeskOf(SahabDatabase database)
    {
        var time = new StandingTime(Now);
        var config = new SahabConfig { Providers = [], Models = [], Deployments = [] };
        return new InvoiceDesk(
            new InvoiceStore(database), UsageOf(database), new AuditLog(time),
            new CapacityStore(database, new AuditLog(time)),
            new ConfigurationState(config, "", "", [], time), time);
    }

    /// <summary>Issues the month's invoices, and takes a little of each back; tells each number once it is issued.</summary>
    public static async Task IssueAsync(SahabDatabase database, Action<string> tell)
    {
        var desk = DeskOf(database);
        foreach (var organisation in await desk.OrganisationsAsync(Month, CancellationToken.None))
        {
            var invoice = await desk.IssueAsync(organisation, Month, "crash", CancellationToken.None);
            if (invoice.IsNew)
            {
                tell($"issued {invoice.Number}");
                var note = await desk.CorrectAsync(
                    organisation, invoice.Number!, new NanoUsd(1), "a little", "crash", CancellationToken.None);
                tell($"issued {note.Number}");
            }
        }
    }
}
