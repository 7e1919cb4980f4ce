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
internal sealed partial class InvoiceDesk(
    InvoiceStore store, UsageStore usage, AuditLog audit, CapacityStore capacity, ConfigurationState configuration,
    TimeProvider time, ProjectsOfKeys? projects = null)
{
    public const string Invoice = "invoice";
    public const string CreditNote = "credit-note";

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
        await InvoiceStore.HoldTurnAsync(connection, transaction, organisation, cancellation);

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
        await InvoiceStore.HoldAsync(connection, transaction, number, cancellation);
        if (await InvoiceStore.ReadAsync(connection, transaction, organisation, number, cancellation) is not { Kind: Invoice } invoice)
        {
            return new IssueOutcome(null, false, null);
        }

        var content = JsonNode.Parse(invoice.Content)!;
        var tax = TaxOf(content);
        var inMoney = invoice.TotalNano + invoice.CreditedNano;
        var drawn = (await InvoiceStore.DrawnAsync(connection, transaction, number, cancellation))
            .ConvertAll(credit => new CreditLeft(credit.Id, credit.Text, new NanoUsd((long)credit.DrawnNano), credit.ExpiresAt));
        var lines = InvoiceBuilder.CreditNote(
            organisation, invoice.Month, reason, amount, tax, new NanoUsd((long)inMoney), drawn);
        var taken = (decimal)-InvoiceBuilder.SumOf(lines);
        if (taken > inMoney)
        {
            var left = inMoney + drawn.Sum(credit => (decimal)credit.Left.Value);
            return new IssueOutcome(null, false, string.Create(
                CultureInfo.InvariantCulture,
                $"With tax that is more than is left of {number}: {InvoiceDocument.Usd(left)} USD."));
        }

        var profile = await InvoiceStore.CustomerAsync(connection, transaction, organisation, cancellation);
        var document = new NewDocument(organisation, CreditNote, invoice.Month, now, now, number, lines);
        var issued = await AddAsync(connection, transaction, document, series, tax, profile, actor, cancellation);
        if (invoice.OpenNano > 0 && invoice.OpenNano - taken <= 0)
        {
            await audit.AppendAsync(
                connection, transaction, PaymentDesk.Paid(organisation, number, invoice.OpenNano - taken, actor), cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return new IssueOutcome(issued, true, null);
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
    public static TaxTreatment TaxOf(JsonNode invoice)
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
        var kept = await KeepCreditAsync(connection, transaction, number, document, actor, cancellation);
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
        if (kept is not null)
        {
            await audit.AppendAsync(connection, transaction, kept, cancellation);
        }

        if (document.Kind == Invoice && InvoiceBuilder.SumOf(document.Lines) == 0)
        {
            await audit.AppendAsync(
                connection, transaction, PaymentDesk.Paid(document.Organisation, number, 0, actor), cancellation);
        }

        return number;
    }

    /// <summary>
    /// Keeps as credit what an invoice is below nothing, from the end of its month on, so that the next month draws it; the
    /// document's own entry books it. Returns what is to be said of it; null: there is none.
    /// </summary>
    static async Task<AuditEntry?> KeepCreditAsync(
        DbConnection connection, DbTransaction transaction, string number, NewDocument document, string actor,
        CancellationToken cancellation)
    {
        if (document.Lines.FirstOrDefault(line => line.Kind == InvoiceLineKind.CreditKept) is not { } line)
        {
            return null;
        }

        var credit = new StoredCredit
        {
            Id = $"credit_{number}",
            Kind = "prepaid",
            Nano = line.Amount.Value,
            GrantedUs = UnixMicroseconds.From(StartOf(document.Month.AddMonths(1))),
            Note = $"kept from {number}",
        };
        await InvoiceStore.AddCreditAsync(connection, transaction, document.Organisation, credit, cancellation);
        return PaymentDesk.Granted(document.Organisation, credit, actor);
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
            late.Add(WithMinimums(
                new LateMonth(
                    earlier,
                    await SoldAsync(connection, transaction, organisation, earlier, cancellation),
                    await InvoiceStore.InvoicedModelsAsync(connection, transaction, organisation, earlier, cancellation)),
                await InvoiceStore.ContentsOfAsync(connection, transaction, organisation, earlier, cancellation)));
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

    /// <summary>With what invoices charged of a month because of minimums, and gave back of that later.</summary>
    static LateMonth WithMinimums(LateMonth late, IEnumerable<string> invoices)
    {
        var name = InvoiceDocument.MonthText(late.Month);
        var lines = invoices.Select(invoice => JsonNode.Parse(invoice)!).SelectMany(
            invoice => invoice["lines"]!.AsArray().Where(line => line!["month"]!.ToString() == name),
            (invoice, line) => (IsOwn: invoice["month"]!.ToString() == name, Kind: line!["kind"]!.ToString(), Line: line)).ToList();
        return late with
        {
            Reached = SumOf(lines.Where(each => each.IsOwn && each.Kind is ("usage" or "call_rounding" or "free" or "volume"))
                .Select(each => each.Line)),
            Minimums =
            [
                .. lines.Where(each => each.Kind == "minimum").GroupBy(each => each.Line["plan"]!.ToString())
                    .Where(group => group.Any(each => each.IsOwn))
                    .Select(group => new ChargedMinimum(
                        group.Key, group.First(each => each.IsOwn).Line["text"]!.ToString(),
                        SumOf(group.Where(each => each.IsOwn).Select(each => each.Line)),
                        -SumOf(group.Where(each => !each.IsOwn).Select(each => each.Line)))),
            ],
        };
    }

    static NanoUsd SumOf(IEnumerable<JsonNode> lines) => NanoUsd.FromUsd(
        lines.Sum(line => decimal.Parse(line["amount_usd"]!.ToString(), CultureInfo.InvariantCulture)));

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
                .Select(credit => new CreditLeft(credit.Id, credit.Text, new NanoUsd(credit.LeftNano), credit.ExpiresAt)),
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
