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
    readonly Int64Column _cacheWrite = new("cache_write_tokens");
    readonly Int64Column _cacheWrite1h = new("cache_write_1h_tokens");
    readonly OptionalInt64Column _cacheWritePrice = new("cache_write_nano_per_million");
    readonly OptionalInt64Column _cacheWrite1hPrice = new("cache_write_1h_nano_per_million");
    readonly Int64Column _output = new("output_tokens");
    readonly Int64Column _reasoning = new("reasoning_tokens");
    readonly Int64Column _cost = new("cost_nano_usd");
    readonly OptionalTextColumn _requestId = new("upstream_request_id");

    public UsageRows() => Batch = new RowBatch(
        "usage_event",
        RowBatch.KeepOld,
        _eventId,
        _callId,
        _attempt,
        _series,
        _started,
        _duration,
        _firstToken,
        _outcome,
        _status,
        _flags,
        _prompt,
        _cached,
        _cacheWrite,
        _cacheWrite1h,
        _cacheWritePrice,
        _cacheWrite1hPrice,
        _output,
        _reasoning,
        _cost,
        _requestId);

    public RowBatch Batch { get; }

    public long SeriesOf(int row) => _series.Values[row];

    public void Add(UsageEvent usage, long series)
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
        _cacheWrite.Values.Add(usage.Usage.CacheWriteTokens);
        _cacheWrite1h.Values.Add(usage.Usage.CacheWrite1hTokens);
        var prices = usage.Prices;
        _cacheWritePrice.Values.Add(UnlessAsPrompt(prices.CacheWriteNanoPerMillion, prices));
        _cacheWrite1hPrice.Values.Add(UnlessAsPrompt(prices.CacheWrite1hNanoPerMillion, prices));
        _output.Values.Add(usage.Usage.OutputTokens);
        _reasoning.Values.Add(usage.Usage.ReasoningTokens);
        _cost.Values.Add(usage.Cost().Value);

        // PostgreSQL's text holds no NUL, and a provider could send one.
        _requestId.Values.Add(usage.UpstreamRequestId?.Replace('\0', ' '));
    }

    static long? UnlessAsPrompt(long price, in PriceTerms prices) =>
        price == prices.PromptNanoPerMillion ? null : price;
}
