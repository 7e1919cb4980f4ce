using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Receipts;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Sales summed by hour, series and terms, as rows to be added to <c>sale_hour</c>, the months that they change, and what
/// receipts are to say of them.
/// </summary>
internal sealed class SaleRows
{
    const string AddToOld = """
        (hour_us, series_id, sale_terms_id) DO UPDATE SET
            calls = sale_hour.calls + excluded.calls,
            prompt_tokens = sale_hour.prompt_tokens + excluded.prompt_tokens,
            cached_tokens = sale_hour.cached_tokens + excluded.cached_tokens,
            cache_write_tokens = sale_hour.cache_write_tokens + excluded.cache_write_tokens,
            cache_write_1h_tokens = sale_hour.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
            output_tokens = sale_hour.output_tokens + excluded.output_tokens,
            amount_usd = sale_hour.amount_usd + excluded.amount_usd,
            amount_nano_usd = sale_hour.amount_nano_usd + excluded.amount_nano_usd
        """;

    const string CountChange = "(organisation, month_us) DO UPDATE SET changes = sale_change.changes + 1";

    /// <summary>In an order that all nodes share, so that they do not wait for each other in a ring.</summary>
    readonly SortedDictionary<(long HourUs, long Series, long Terms), Sums> _sums = [];

    readonly SortedSet<(string Organisation, long MonthUs)> _months = new(Comparer<(string Organisation, long MonthUs)>.Create(
        (one, other) => string.CompareOrdinal(one.Organisation, other.Organisation) is var order and not 0
            ? order : one.MonthUs.CompareTo(other.MonthUs)));

    (long HourUs, long MonthUs) _lastMonth = (long.MinValue, 0);

    public bool IsEmpty => _sums.Count == 0;

    /// <summary>What the receipts are for, in the order in which it came.</summary>
    public List<SoldEvent> Sold { get; } = [];

    /// <summary>Adds an event that was sold.</summary>
    public void Add(UsageEvent usage, long hourUs, long series, EventSale sale)
    {
        SumsOf(usage, hourUs, series, sale.TermsId).Add(usage.Usage, sale.Amount, 1);
        Sold.Add(new SoldEvent(usage, sale.Terms, sale.Amount, 0));
    }

    /// <summary>Puts a corrected event in the place of what it was.</summary>
    public void Replace(
        UsageEvent before, UsageEvent after, long hourUs, long series, EventSale sale, NanoUsd amountBefore, int revision)
    {
        var sums = SumsOf(after, hourUs, series, sale.TermsId);
        sums.Add(before.Usage, amountBefore, -1);
        sums.Add(after.Usage, sale.Amount, 1);
        Sold.Add(new SoldEvent(after, sale.Terms, sale.Amount, revision));
    }

    public RowBatch ToBatch()
    {
        Int64Column[] columns =
        [
            new("hour_us"), new("series_id"), new("sale_terms_id"), new("calls"), new("prompt_tokens"),
            new("cached_tokens"), new("cache_write_tokens"), new("cache_write_1h_tokens"), new("output_tokens"),
            new("amount_usd"), new("amount_nano_usd"),
        ];
        foreach (var ((hourUs, series, terms), sums) in _sums)
        {
            var (usd, nano) = Int128.DivRem(sums.Nano, NanoUsd.PerUsd);
            ReadOnlySpan<long> values =
            [
                hourUs, series, terms, sums.Calls, sums.Prompt, sums.Cached, sums.CacheWrite, sums.CacheWrite1h,
                sums.Output, (long)usd, (long)nano,
            ];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i].Values.Add(values[i]);
            }
        }

        return new RowBatch("sale_hour", AddToOld, columns);
    }

    /// <summary>The months, to be looked at when the next invoice is made.</summary>
    public RowBatch ToChanges()
    {
        var (organisations, months, changes) =
            (new TextColumn("organisation"), new Int64Column("month_us"), new Int64Column("changes"));
        foreach (var (organisation, monthUs) in _months)
        {
            organisations.Values.Add(organisation);
            months.Values.Add(monthUs);
            changes.Values.Add(1);
        }

        return new RowBatch("sale_change", CountChange, organisations, months, changes);
    }

    Sums SumsOf(UsageEvent usage, long hourUs, long series, long terms)
    {
        if (hourUs != _lastMonth.HourUs)
        {
            var hour = UnixMicroseconds.ToTime(hourUs);
            _lastMonth = (hourUs, UnixMicroseconds.From(new DateTimeOffset(hour.Year, hour.Month, 1, 0, 0, 0, TimeSpan.Zero)));
        }

        _months.Add((usage.Tenant, _lastMonth.MonthUs));
        if (!_sums.TryGetValue((hourUs, series, terms), out var sums))
        {
            _sums[(hourUs, series, terms)] = sums = new Sums();
        }

        return sums;
    }

    sealed class Sums
    {
        public long Calls { get; private set; }

        public long Prompt { get; private set; }

        public long Cached { get; private set; }

        public long CacheWrite { get; private set; }

        public long CacheWrite1h { get; private set; }

        public long Output { get; private set; }

        public Int128 Nano { get; private set; }

        public void Add(in TokenUsage usage, NanoUsd amount, int sign)
        {
            Calls += sign;
            Prompt += sign * usage.PromptTokens;
            Cached += sign * usage.CachedTokens;
            CacheWrite += sign * usage.CacheWriteTokens;
            CacheWrite1h += sign * usage.CacheWrite1hTokens;
            Output += sign * usage.OutputTokens;
            Nano += sign * (Int128)amount.Value;
        }
    }
}
