using System.Globalization;
using System.Text;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Payment by file: open invoices out, payments in, both CSV. Who brings the file answers for it.</summary>
internal sealed class FilePayments : IPaymentProvider
{
    /// <summary>The most payments of one file.</summary>
    public const int MaxPayments = 10_000;

    const string Head = "number,amount_usd,reference,paid_at";

    public string Name => "file";

    public Task<byte[]> CollectAsync(IReadOnlyList<OpenInvoice> invoices, CancellationToken cancellation)
    {
        var csv = new StringBuilder("number,organisation,due_at,open_usd\r\n");
        foreach (var invoice in invoices)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{invoice.Number},{InvoiceCsv.Field(invoice.Organisation)},")
                .Append(CultureInfo.InvariantCulture, $"{InvoiceDocument.Time(invoice.DueAt)},")
                .Append(CultureInfo.InvariantCulture, $"{InvoiceDocument.Usd(invoice.Open.Value)}\r\n");
        }

        return Task.FromResult(Encoding.UTF8.GetBytes(csv.ToString()));
    }

    public IReadOnlyList<ProviderPayment> Read(string body, string? signature)
    {
        var lines = body.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || lines[0].TrimStart('\ufeff') != Head)
        {
            throw new PaymentException($"The first line must be: {Head}");
        }

        if (lines.Length - 1 > MaxPayments)
        {
            throw new PaymentException($"A file has at most {MaxPayments} payments. Send several.");
        }

        var payments = new List<ProviderPayment>();
        for (var i = 1; i < lines.Length; i++)
        {
            var fields = lines[i].Split(',');
            if (fields.Length != 4 || fields[2].Length is 0 or > 200
                || !PaymentDesk.TryUsd(fields[1], out var amount) || amount.Value <= 0
                || !DateTimeOffset.TryParse(
                    fields[3], CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var paidAt))
            {
                throw new PaymentException($"Line {i + 1} is not a number, an amount above 0 in dollars, a reference and a day.");
            }

            payments.Add(new ProviderPayment(fields[2], fields[0], amount, paidAt));
        }

        return payments;
    }
}
