using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Receipts;

namespace Sahab.Server.Sell.Invoices;

/// <summary>What became of an attempt to issue something.</summary>
/// <param name="Number">The number of the document; null: there is none.</param>
/// <param name="IsNew">Whether it was issued now.</param>
/// <param name="Refusal">Why it may not be; null: it may.</param>
internal readonly record struct IssueOutcome(string? Number, bool IsNew, string? Refusal);

/// <summary>Which project each key of an organisation is of, those that are gone among them.</summary>
internal delegate Task<Dictionary<string, string>> ProjectsOfKeys(string organisation, CancellationToken cancellation);

/// <summary>
/// Drafts and issues invoices. A draft is a function of the store and the configuration; what is issued is stored in one
/// transaction with its number, its lines and what they post.
/// </summary>
internal sealed class InvoiceDesk(
    InvoiceStore store, UsageStore usage, AuditLog audit, CapacityStore capacity, ConfigurationState configuration,
    TimeProvider time, ProjectsOfKeys? projects = null)
{
    public const string Invoice = "invoice";
    public const string CreditNote = "credit-note";

    /// <summary>Pages of calls that are looked through for those of one project before the list is told in part.</summary>
    public const int MaxReads = 20;

    BillingConfig Billing => configuration.Current.Billing;

    /// <summary>The invoice of a month as it would be now, as JSON.</summary>
    public async Task<string> DraftAsync(string organisation, DateOnly month, CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var changed = await UsageStore.SaleChangesAsync(connection, transaction, organisation, month, cancellation);
        var (input, profile) = await ReadAsync(connection, transaction, organisation, month, changed, cancellation);
        var head = new DocumentHead(
            null, Invoice, organisation, month, null, null, null, input.Tax, profile, Billing.Seller);
        return InvoiceDocument.Of(head, InvoiceBuilder.Lines(input)).ToText();
    }

    /// <summary>Issues the invoice of a month that is over, once; there is none where there is nothing to say.</summary>
    public async Task<IssueOutcome> IssueAsync(
        string organisation, DateOnly month, string actor, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (StartOf(month.AddMonths(1)) > now)
        {
            return new IssueOutcome(null, false, $"{InvoiceDocument.MonthText(month)} is not over.");
        }

        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);

        // Who posts to the month waits from here on until the invoice is there, and is late then.
        var changed = await UsageStore.TakeSaleChangesAsync(connection, transaction, organisation, month, cancellation);
        var (number, last) = await InvoiceStore.InvoicedAsync(connection, transaction, organisation, month, cancellation);
        if (number is not null || last > month)
        {
            return new IssueOutcome(number, false, number is not null ? null
                : $"{InvoiceDocument.MonthText(last!.Value)} is invoiced already; what came before it is in that invoice or "
                    + "in the next.");
        }

        if (EarliestFee(
                organisation, await InvoiceStore.LastMonthAsync(connection, transaction, organisation, cancellation), month) is { } earlier)
        {
            return new IssueOutcome(null, false,
                $"{InvoiceDocument.MonthText(earlier)} has fees that are not invoiced. Issue its invoice first.");
        }

        // Else two months at once could both draw the same credit.
        await InvoiceStore.HoldCreditsAsync(connection, transaction, organisation, cancellation);
        var (input, profile) = await ReadAsync(connection, transaction, organisation, month, changed, cancellation);
        var lines = InvoiceBuilder.Lines(input);
        if (lines.Count == 0)
        {
            return new IssueOutcome(null, false, null);
        }

        var document = new NewDocument(
            organisation, Invoice, month, now, now.AddDays(Billing.DueDays), null, lines);
        number = await AddAsync(
            connection, transaction, document, Series("INV", now), input.Tax, profile, actor, cancellation);
        await CapacityStore.InvoicedAsync(connection, transaction, input.Reservations, number, cancellation);
        await transaction.CommitAsync(cancellation);
        return new IssueOutcome(number, true, null);
    }

    /// <summary>The organisations that a month's invoices are due of, in the order of their ids.</summary>
    public async Task<IReadOnlyList<string>> OrganisationsAsync(DateOnly month, CancellationToken cancellation) =>
    [
        .. (await usage.BuyersAsync(StartOf(month), StartOf(month.AddMonths(1)), cancellation))
            .Concat(await capacity.BuyersAsync(month, cancellation))
            .Concat(Billing.Fees.Where(fee => ToFee(fee).DaysIn(month) > 0).Select(fee => fee.Organisation))
            .Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Takes back an amount of an invoice, before tax; the invoice itself stays as it is.</summary>
    public async Task<IssueOutcome> CorrectAsync(
        string organisation, string number, NanoUsd amount, string reason, string actor, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);

        // The number is taken first, so that of two corrections at once the second sees the first.
        var series = Series("CN", now);
        await InvoiceStore.HoldSeriesAsync(connection, transaction, series, cancellation);
        if (await InvoiceStore.ReadAsync(connection, transaction, organisation, number, cancellation) is not { Kind: Invoice } invoice)
        {
            return new IssueOutcome(null, false, null);
        }

        var content = JsonNode.Parse(invoice.Content)!;
        var tax = TaxOf(content);
        var lines = InvoiceBuilder.CreditNote(organisation, invoice.Month, reason, amount, tax);
        var left = invoice.TotalNano + invoice.CreditedNano;
        if ((decimal)-InvoiceBuilder.SumOf(lines) > left)
        {
            return new IssueOutcome(null, false, string.Create(
                CultureInfo.InvariantCulture,
                $"With tax that is more than is left of {number}: {InvoiceDocument.Usd(left)} USD."));
        }

        var profile = await InvoiceStore.CustomerAsync(connection, transaction, organisation, cancellation);
        var document = new NewDocument(organisation, CreditNote, invoice.Month, now, now, number, lines);
        var issued = await AddAsync(connection, transaction, document, series, tax, profile, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return new IssueOutcome(issued, true, null);
    }

    /// <summary>The calls that a line is made of; none of a line that is not made of calls.</summary>
    public async Task<(IReadOnlyList<SoldCall> Calls, EventMark? Next)> CallsAsync(
        string organisation, JsonNode line, EventMark? before, int limit, CancellationToken cancellation)
    {
        string Text(string name) => line[name]?.ToString() ?? "";
        if (Text("model").Length == 0 || !InvoiceApi.TryMonth(Text("month"), out var month))
        {
            return ([], null);
        }

        var sought = new SoldCalls(organisation, StartOf(month), StartOf(month.AddMonths(1)))
        {
            Model = Text("model"),
            ServiceTier = Text("service_tier"),
            Plan = Text("plan"),
            TermsId = line["terms"]?.GetValue<long>() ?? 0,
        };
        // Of which project a key is, the rows of calls do not say: those of a project are looked for.
        var project = Text("project");
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

    /// <summary>The project of a key by its id.</summary>
    async Task<Func<string, string>> ProjectsAsync(string organisation, CancellationToken cancellation)
    {
        var known = projects is null ? [] : await projects(organisation, cancellation);
        return key => known.GetValueOrDefault(key, TenantConfig.DefaultProject);
    }

    static DateTimeOffset StartOf(DateOnly month) => new(month, TimeOnly.MinValue, TimeSpan.Zero);

    static string Series(string kind, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}-{now.UtcDateTime.Year:0000}");

    /// <summary>The tax that an invoice bore: as it says, or, where it is of an older version, as its line says.</summary>
    static TaxTreatment TaxOf(JsonNode invoice)
    {
        if (invoice["tax"] is { } tax)
        {
            return new TaxTreatment(tax["name"]!.ToString(), tax["rate"]!.GetValue<decimal>(), "");
        }

        var line = invoice["lines"]!.AsArray().FirstOrDefault(line => line!["kind"]!.ToString() == "tax");
        if (line?["text"]?.ToString() is not { } text || !text.EndsWith(" %", StringComparison.Ordinal))
        {
            return new TaxTreatment("", 0, invoice["tax_note"]?.ToString() ?? "");
        }

        var at = text[..^2].LastIndexOf(' ');
        return new TaxTreatment(text[..at], decimal.Parse(text[(at + 1)..^2], CultureInfo.InvariantCulture) / 100, "");
    }

    /// <summary>
    /// The first month before one that has a fee or a minimum of its own and comes after the last that is invoiced: later
    /// invoices take usage along that came late, but no fees. Null: there is none.
    /// </summary>
    DateOnly? EarliestFee(string organisation, DateOnly? last, DateOnly month)
    {
        var fees = Billing.Fees.Where(fee => fee.Organisation == organisation).Select(ToFee).ToList();
        if (fees.Count == 0)
        {
            return null;
        }

        var first = fees.Min(fee => fee.From.AddDays(1 - fee.From.Day));
        first = last is { } invoiced && invoiced >= first ? invoiced.AddMonths(1) : first;
        for (var earlier = first; earlier < month; earlier = earlier.AddMonths(1))
        {
            if (fees.Exists(fee => fee.DaysIn(earlier) > 0))
            {
                return earlier;
            }
        }

        return null;
    }

    static MonthlyFee ToFee(BillingFeeConfig fee)
    {
        ContractBinding.TryTime(fee.From, out var from);
        DateOnly? until = fee.Until is { } text && ContractBinding.TryTime(text, out var end)
            ? DateOnly.FromDateTime(end.UtcDateTime) : null;
        return new MonthlyFee(
            fee.Id, fee.Text, NanoUsd.FromUsd(fee.PerMonth), DateOnly.FromDateTime(from.UtcDateTime), until);
    }

    /// <summary>Stores a document with its number, books what it adds to the ledger, and says so in the audit log.</summary>
    async Task<string> AddAsync(
        DbConnection connection, DbTransaction transaction, NewDocument document, string series, TaxTreatment tax,
        BillingProfile profile, string actor, CancellationToken cancellation)
    {
        var number = await InvoiceStore.NextNumberAsync(connection, transaction, series, cancellation);
        var head = new DocumentHead(
            number, document.Kind, document.Organisation, document.Month, document.IssuedAt,
            document.Kind == Invoice ? document.DueAt : null, document.Reference, tax, profile, Billing.Seller)
        {
            Receipts = document.Kind == Invoice
                ? await ReceiptStore.HeadAsync(connection, transaction, document.Organisation, cancellation)
                : null,
        };
        await InvoiceStore.AddAsync(
            connection, transaction, number, document, InvoiceDocument.Of(head, document.Lines).ToText(),
            cancellation);
        await usage.BookAsync(
            connection, transaction,
            SaleEntries.OfDocument(number, document.Organisation, document.Lines, document.IssuedAt), cancellation);
        await audit.AppendAsync(
            connection, transaction,
            new AuditEntry(actor, document.Kind == Invoice ? "invoice.issued" : "credit-note.issued", number)
            {
                Organisation = document.Organisation,
                Details = new JsonObject
                {
                    ["month"] = InvoiceDocument.MonthText(document.Month),
                    ["total_usd"] = InvoiceDocument.Usd((decimal)InvoiceBuilder.SumOf(document.Lines)),
                    ["corrects"] = document.Reference,
                },
            },
            cancellation);
        return number;
    }

    async Task<(InvoiceInput Input, BillingProfile Profile)> ReadAsync(
        DbConnection connection, DbTransaction transaction, string organisation, DateOnly month,
        List<DateOnly> changed, CancellationToken cancellation)
    {
        var billing = Billing;
        var profile = await InvoiceStore.CustomerAsync(connection, transaction, organisation, cancellation);
        var late = new List<LateMonth>();
        foreach (var earlier in changed.Where(each => each < month))
        {
            late.Add(new LateMonth(
                earlier,
                await SoldAsync(connection, transaction, organisation, earlier, cancellation),
                await InvoiceStore.InvoicedModelsAsync(connection, transaction, organisation, earlier, cancellation)));
        }

        var fees = billing.Fees.Where(fee => fee.Organisation == organisation).ToLookup(fee => fee.Minimum, ToFee);
        return (
            new InvoiceInput
            {
                Organisation = organisation,
                Month = month,
                Sold = await SoldAsync(connection, transaction, organisation, month, cancellation),
                Late = late,
                Products = [.. fees[false]],
                Minimums = [.. fees[true]],
                Reservations = await CapacityStore.ChargesAsync(
                    connection, transaction, organisation, month, cancellation),
                Credits = await CreditsAsync(connection, transaction, organisation, month, cancellation),
                Tax = TaxRule.For(
                    billing.Taxes.Select(tax => new TaxRule(
                        tax.Name, tax.Country, tax.State, tax.Rate, tax.ReverseCharge)),
                    profile.Country, profile.State, profile.VatId, profile.Exemption),
            },
            profile);
    }

    /// <summary>Credit may be used for a month if it was granted before its end and lives to see it.</summary>
    static async Task<IReadOnlyList<CreditLeft>> CreditsAsync(
        DbConnection connection, DbTransaction transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        var endUs = UnixMicroseconds.From(StartOf(month.AddMonths(1)));
        var credits = await InvoiceStore.CreditsAsync(connection, transaction, organisation, cancellation);
        return
        [
            .. credits.Where(credit => credit.LeftNano > 0 && credit.GrantedUs < endUs && !(credit.ExpiresUs < endUs))
                .Select(credit => new CreditLeft(
                    credit.Id, $"{(credit.Kind == "prepaid" ? "Prepaid" : "Promotional")} credit: {credit.Note}",
                    new NanoUsd(credit.LeftNano), credit.ExpiresAt)),
        ];
    }

    async Task<IReadOnlyList<SoldUsage>> SoldAsync(
        DbConnection connection, DbTransaction transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        var sold = await UsageStore.SoldAsync(
            connection, transaction, organisation, StartOf(month), StartOf(month.AddMonths(1)), cancellation);
        var projectOf = await ProjectsAsync(organisation, cancellation);
        return
        [
            .. sold.GroupBy(each => (
                Project: projectOf(each.Key), each.Model,
                each.ServiceTier, each.TermsId))
                .Select(group => new SoldUsage(
                    group.Key.Project, group.Key.Model, group.Key.ServiceTier, group.First().Terms, group.Key.TermsId,
                    group.Sum(each => each.Calls),
                    new Ledger.Rating.TokenUsage(
                        group.Sum(each => each.Usage.PromptTokens), group.Sum(each => each.Usage.CachedTokens),
                        group.Sum(each => each.Usage.OutputTokens), 0)
                    {
                        CacheWriteTokens = group.Sum(each => each.Usage.CacheWriteTokens),
                        CacheWrite1hTokens = group.Sum(each => each.Usage.CacheWrite1hTokens),
                    },
                    group.Sum(each => each.Nano))),
        ];
    }
}
