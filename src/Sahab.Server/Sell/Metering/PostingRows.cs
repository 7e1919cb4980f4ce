using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>Postings as rows of <c>posting</c>, and what they add to the balances of their accounts.</summary>
internal sealed class PostingRows
{
    readonly IdColumn _eventId = new("event_id");
    readonly Int64Column _account = new("account_id");
    readonly Int64Column _amount = new("nano_usd");
    readonly Int64Column _booked = new("booked_us");
    readonly SortedDictionary<long, (decimal Usd, long Postings)> _sums = [];

    public PostingRows() => Batch = new RowBatch("posting", RowBatch.KeepOld, _eventId, _account, _amount, _booked);

    public RowBatch Batch { get; }

    /// <summary>
    /// By account, in an order that all nodes share, so that they do not wait for each other in a ring.
    /// </summary>
    public IEnumerable<object> BalanceChanges => _sums.Select(sum =>
    {
        var whole = decimal.Truncate(sum.Value.Usd);
        return new
        {
            Account = sum.Key,
            Usd = (long)whole,
            Nano = (long)((sum.Value.Usd - whole) * NanoUsd.PerUsd),
            sum.Value.Postings,
        };
    });

    public void Add(Posting posting, long account)
    {
        _eventId.Values.Add(posting.EventId);
        _account.Values.Add(account);
        _amount.Values.Add(posting.Amount.Value);
        _booked.Values.Add(UnixMicroseconds.From(posting.BookedAt));
        var sum = _sums.GetValueOrDefault(account);
        _sums[account] = (sum.Usd + posting.Amount.ToUsd(), sum.Postings + 1);
    }
}
