using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>Events as rows of <c>usage_event</c>.</summary>
internal sealed class UsageRows
{
    readonly IdColumn _eventId = new("event_id");
    readonly IdColumn _callId = new("call_id");
    readonly Int64Column _attempt = new("attempt");
    readonly Int64Column _series = new("series_id");
    readonly Int64Column _started = new("started_us");
    readonly Int64Column _duration = new("duration_us");
    readonly OptionalInt64Column _firstToken = new("first_token_us");
    readonly Int64Column _outcome = new("outcome");
    readonly Int64Column _status = new("upstream_status");
    readonly Int64Column _flags = new("flags");
    readonly Int64Column _prompt = new("prompt_tokens");
    readonly Int64Column _cached = new("cached_tokens");
    readonly Int64Column _output = new("output_tokens");
    readonly Int64Column _reasoning = new("reasoning_tokens");
    readonly Int64Column _cost = new("cost_nano_usd");
    readonly OptionalTextColumn _requestId = new("upstream_request_id");

    readonly CacheWriteColumns? _cacheWrites;
    readonly Int64Column? _terms;
    readonly Int64Column? _saleTerms;
    readonly Int64Column? _sale;

    /// <param name="withCacheWrites">
    /// Whether any of the events <see cref="UsageEvent.TellsOfCacheWrites"/>. Where none does, the columns for them are
    /// left to their defaults: few providers charge for such writes, and each column costs something in each delivery.
    /// </param>
    /// <param name="withTerms">Whether any of them may fall under a contract; the same holds for its column.</param>
    /// <param name="withSales">Whether any of them may be sold; the same holds for its columns.</param>
    public UsageRows(bool withCacheWrites, bool withTerms, bool withSales)
    {
        RowColumn[] columns =
        [
            _eventId, _callId, _attempt, _series, _started, _duration, _firstToken, _outcome, _status, _flags, _prompt,
            _cached, _output, _reasoning, _cost, _requestId,
        ];
        _cacheWrites = withCacheWrites ? new CacheWriteColumns() : null;
        _terms = withTerms ? new Int64Column("terms_id") : null;
        columns = _cacheWrites is null ? columns : [.. columns, .. _cacheWrites.All];
        columns = _terms is null ? columns : [.. columns, _terms];
        if (withSales)
        {
            (_saleTerms, _sale) = (new Int64Column("sale_terms_id"), new Int64Column("sale_nano_usd"));
            columns = [.. columns, _saleTerms, _sale];
        }

        Batch = new RowBatch("usage_event", RowBatch.KeepOld, columns);
    }

    public RowBatch Batch { get; }

    public long SeriesOf(int row) => _series.Values[row];

    public void Add(UsageEvent usage, long series, long terms, EventSale? sale)
    {
        _eventId.Values.Add(usage.EventId);
        _callId.Values.Add(usage.CallId);
        _attempt.Values.Add(usage.Attempt);
        _series.Values.Add(series);
        _started.Values.Add(UnixMicroseconds.From(usage.StartedAt));
        _duration.Values.Add(usage.Duration.Ticks / TimeSpan.TicksPerMicrosecond);
        _firstToken.Values.Add(usage.FirstToken?.Ticks / TimeSpan.TicksPerMicrosecond);
        _outcome.Values.Add((long)usage.Outcome);
        _status.Values.Add(usage.UpstreamStatus);
        _flags.Values.Add((long)usage.Flags);
        _prompt.Values.Add(usage.Usage.PromptTokens);
        _cached.Values.Add(usage.Usage.CachedTokens);
        _output.Values.Add(usage.Usage.OutputTokens);
        _reasoning.Values.Add(usage.Usage.ReasoningTokens);
        _cost.Values.Add(usage.Cost().Value);

        // PostgreSQL's text holds no NUL, and a provider could send one.
        _requestId.Values.Add(usage.UpstreamRequestId?.Replace('\0', ' '));
        _cacheWrites?.Add(usage);
        _terms?.Values.Add(terms);
        _saleTerms?.Values.Add(sale?.TermsId ?? 0);
        _sale?.Values.Add(sale?.Amount.Value ?? 0);
    }

    sealed class CacheWriteColumns
    {
        readonly Int64Column _tokens = new("cache_write_tokens");
        readonly Int64Column _tokens1h = new("cache_write_1h_tokens");
        readonly OptionalInt64Column _price = new("cache_write_nano_per_million");
        readonly OptionalInt64Column _price1h = new("cache_write_1h_nano_per_million");

        public RowColumn[] All => [_tokens, _tokens1h, _price, _price1h];

        public void Add(UsageEvent usage)
        {
            var prices = usage.Prices;
            _tokens.Values.Add(usage.Usage.CacheWriteTokens);
            _tokens1h.Values.Add(usage.Usage.CacheWrite1hTokens);
            _price.Values.Add(UnlessAsPrompt(prices.CacheWriteNanoPerMillion, prices));
            _price1h.Values.Add(UnlessAsPrompt(prices.CacheWrite1hNanoPerMillion, prices));
        }

        static long? UnlessAsPrompt(long price, in PriceTerms prices) =>
            price == prices.PromptNanoPerMillion ? null : price;
    }
}
