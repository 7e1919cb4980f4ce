using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

internal static partial class Terms
{
    /// <summary>A ledger that was given the uses and settled.</summary>
    public static Books Settled(ContractBook book, string until, params IEnumerable<ServiceUse> uses)
    {
        var books = new Books(new ContractLedger(book.KnownAt(Hindsight)));
        foreach (var use in uses)
        {
            books.Take(books.Ledger.Add(use));
        }

        books.Take(books.Ledger.Settle(At(until)));
        return books;
    }
}
