using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;

namespace Sahab.Ledger.Sales;

/// <summary>The entries that invoices, credit and payments cause. Each is posted once by its id.</summary>
public static class SaleEntries
{
    /// <summary>What a document adds to what was posted call by call.</summary>
    /// <param name="number">The number of the invoice or credit note.</param>
    /// <param name="organisation">Whose it is.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="issuedAt">When it was issued.</param>
    public static IReadOnlyList<Entry> OfDocument(
        string number, string organisation, IEnumerable<InvoiceLine> lines, DateTimeOffset issuedAt)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var booked = new Lines();
        foreach (var line in lines)
        {
            if (line.Account is { } account)
            {
                booked.Add(Account.Receivable(organisation), line.Amount.Value);
                booked.Add(account, -(decimal)line.Amount.Value);
            }
        }

        return [.. Entry.Of($"document {number}", Of(issuedAt), booked)];
    }

    /// <summary>An amount that is booked from one account to another for one cause.</summary>
    /// <param name="cause">Names it: the same name is posted once.</param>
    /// <param name="debited">The account that is debited.</param>
    /// <param name="credited">The account that is credited.</param>
    /// <param name="amount">How much.</param>
    /// <param name="at">When it counts.</param>
    public static IReadOnlyList<Entry> Of(
        string cause, Account debited, Account credited, NanoUsd amount, DateTimeOffset at)
    {
        var booked = new Lines();
        booked.Add(debited, amount.Value);
        booked.Add(credited, -(decimal)amount.Value);
        return [.. Entry.Of(cause, Of(at), booked)];
    }

    static Entry Of(DateTimeOffset at) => new(default, EntryCause.Sale, null, 0, at, 0, []);
}
