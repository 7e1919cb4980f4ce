using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Sales;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Records what was paid and refunded, and credit that was bought or given. Each is booked once.</summary>
internal sealed class PaymentDesk(InvoiceStore store, UsageStore usage, AuditLog audit, IdSource ids, TimeProvider time)
{
    /// <summary>Invoices that are not paid in full, in the order of their numbers.</summary>
    public async Task<IReadOnlyList<OpenInvoice>> OpenInvoicesAsync(CancellationToken cancellation)
    {
        var (open, after) = (new List<OpenInvoice>(), "");
        List<StoredDocument> page;
        do
        {
            page = await store.OpenInvoicesAsync(after, cancellation);
            open.AddRange(page.Select(invoice => new OpenInvoice(
                invoice.Number, invoice.Organisation, UnixMicroseconds.ToTime(invoice.DueUs),
                new NanoUsd((long)invoice.OpenNano), invoice.Payments)));
            after = page.Count == 0 ? "" : page[^1].Number;
        }
        while (page.Count == InvoiceStore.MaxPage);

        return open;
    }

    /// <summary>An amount as clients write it, up to nine decimals.</summary>
    public static bool TryUsd(string? text, out NanoUsd amount)
    {
        amount = default;
        if (!decimal.TryParse(
                text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var usd)
            || decimal.Abs(usd) > 1_000_000_000m || decimal.Round(usd, 9) != usd)
        {
            return false;
        }

        amount = NanoUsd.FromUsd(usd);
        return true;
    }

    /// <summary>Records what a provider says was paid; what was recorded before is passed over. Returns how many are new.</summary>
    public async Task<(int New, string? Fault)> RecordAsync(
        string provider, IReadOnlyList<ProviderPayment> payments, string actor, CancellationToken cancellation)
    {
        var recorded = 0;
        foreach (var payment in payments)
        {
            if (await store.OrganisationOfAsync(payment.Number, cancellation) is not { } organisation)
            {
                return (recorded, $"There is no invoice {payment.Number}. What stood before it is recorded.");
            }

            switch (await MoveAsync(
                organisation, provider, payment.Number, $"{provider}:{payment.Id}", payment.Amount, payment.PaidAt, actor,
                cancellation))
            {
                case Recording.New:
                    recorded++;
                    break;
                case Recording.Another:
                    return (recorded, $"A payment '{payment.Id}' is recorded already, of another invoice or amount. What stood "
                        + "before it is recorded.");
            }
        }

        return (recorded, null);
    }

    /// <summary>Records that an amount was paid back; null: it was, or had been before; else why not.</summary>
    public async Task<string?> RefundAsync(
        StoredDocument invoice, NanoUsd amount, string reference, string actor, CancellationToken cancellation) =>
        await MoveAsync(
            invoice.Organisation, "file", invoice.Number, $"refund:{reference}", -amount, time.GetUtcNow(), actor,
            cancellation) switch
        {
            Recording.Another => $"A refund '{reference}' is recorded already, of another invoice or amount.",
            Recording.TooMuch => $"Of {invoice.Number}, no more can be refunded than was paid and not refunded yet.",
            _ => null,
        };

    /// <summary>Adds credit: bought, or given for nothing. Returns its id.</summary>
    public async Task<string> AddCreditAsync(
        string organisation, bool isPrepaid, NanoUsd amount, DateTimeOffset? expiresAt, string note, string actor,
        CancellationToken cancellation)
    {
        var (now, id) = (time.GetUtcNow(), $"credit_{ids.Next():N}");
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var credit = new StoredCredit
        {
            Id = id,
            Kind = isPrepaid ? "prepaid" : "promotional",
            Nano = amount.Value,
            GrantedUs = UnixMicroseconds.From(now),
            ExpiresUs = expiresAt is { } expires ? UnixMicroseconds.From(expires) : null,
            Note = note,
        };
        await InvoiceStore.AddCreditAsync(connection, transaction, organisation, credit, cancellation);
        await usage.BookAsync(
            connection, transaction,
            SaleEntries.Of(
                $"credit {id}", isPrepaid ? Account.Cash("credit") : Account.Promotion(organisation),
                Account.CustomerCredit(organisation), amount, now),
            cancellation);
        await audit.AppendAsync(connection, transaction, Granted(organisation, credit, actor), cancellation);
        await transaction.CommitAsync(cancellation);
        return id;
    }

    /// <summary>What the log of changes says of credit that was added.</summary>
    public static AuditEntry Granted(string organisation, StoredCredit credit, string actor) =>
        new(actor, "credit.granted", credit.Id)
        {
            Organisation = organisation,
            Details = new JsonObject
            {
                ["usd"] = InvoiceDocument.Usd(credit.Nano),
                ["prepaid"] = credit.Kind == "prepaid",
                ["note"] = credit.Note,
            },
        };

    /// <summary>What the log of changes says of an invoice of which nothing is open any more.</summary>
    public static AuditEntry Paid(string organisation, string number, decimal open, string actor) =>
        new(actor, "invoice.paid", number)
        {
            Organisation = organisation,
            Details = new JsonObject { ["open_usd"] = InvoiceDocument.Usd(open) },
        };

    async Task<Recording> MoveAsync(
        string organisation, string provider, string number, string id, NanoUsd amount, DateTimeOffset at, string actor,
        CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);

        // Two at once see each other: they give back no more than was paid, and one of them pays the last of it.
        var before = (await InvoiceStore.HoldAsync(connection, transaction, number, cancellation))!.OpenNano;
        if (amount.Value < 0)
        {
            // It comes from where it went.
            provider = await InvoiceStore.PayerAsync(connection, transaction, number, cancellation) ?? provider;
        }

        if (!await InvoiceStore.AddPaymentAsync(connection, transaction, id, number, provider, amount, at, cancellation))
        {
            var known = await InvoiceStore.IsPaymentAsync(connection, transaction, id, number, amount, cancellation);
            return known ? Recording.Known : Recording.Another;
        }

        if (amount.Value < 0 && await InvoiceStore.IsOverRefundedAsync(connection, transaction, number, cancellation))
        {
            return Recording.TooMuch;
        }

        await usage.BookAsync(
            connection, transaction,
            SaleEntries.Of(
                $"payment {id}", Account.Cash(provider), Account.Receivable(organisation), amount, at),
            cancellation);
        var open = before - amount.Value;
        await audit.AppendAsync(
            connection, transaction,
            new AuditEntry(actor, amount.Value < 0 ? "invoice.refunded" : "invoice.payment_recorded", number)
            {
                Organisation = organisation,
                Details = new JsonObject
                {
                    ["amount_usd"] = InvoiceDocument.Usd(Math.Abs(amount.Value)),
                    ["open_usd"] = InvoiceDocument.Usd(open),
                    ["payment"] = id,
                },
            },
            cancellation);
        if (before > 0 && open <= 0)
        {
            await audit.AppendAsync(connection, transaction, Paid(organisation, number, open, actor), cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return Recording.New;
    }

    /// <summary>What came of recording a payment or a refund.</summary>
    enum Recording
    {
        New,

        /// <summary>It was recorded before.</summary>
        Known,

        /// <summary>Another of that name was.</summary>
        Another,

        /// <summary>More would be paid back than was paid.</summary>
        TooMuch,
    }
}
