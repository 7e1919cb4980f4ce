using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>Events summed by hour and series, as rows to be added to <c>usage_hour</c>.</summary>
internal sealed class UsageHourRows
{
    const string AddToOld = """
        (hour_us, series_id) DO UPDATE SET
            attempts = usage_hour.attempts + excluded.attempts,
            calls = usage_hour.calls + excluded.calls,
            failed = usage_hour.failed + excluded.failed,
            estimated = usage_hour.estimated + excluded.estimated,
            prompt_tokens = usage_hour.prompt_tokens + excluded.prompt_tokens,
            cached_tokens = usage_hour.cached_tokens + excluded.cached_tokens,
            output_tokens = usage_hour.output_tokens + excluded.output_tokens,
            reasoning_tokens = usage_hour.reasoning_tokens + excluded.reasoning_tokens,
            cost_usd = usage_hour.cost_usd + excluded.cost_usd,
            cost_nano_usd = usage_hour.cost_nano_usd + excluded.cost_nano_usd
        """;

    const string AddCacheWrites = AddToOld + """
        ,
            cache_write_tokens = usage_hour.cache_write_tokens + excluded.cache_write_tokens,
            cache_write_1h_tokens = usage_hour.cache_write_1h_tokens + excluded.cache_write_1h_tokens
        """;

    /// <summary>In an order that all nodes share, so that they do not wait for each other in a ring.</summary>
    readonly SortedDictionary<(long HourUs, long Series), Sums> _hours = [];

    bool _hasCacheWrites;

    /// <summary>Adds an event, or takes it away again.</summary>
    public void Add(UsageEvent usage, long series, int sign = 1)
    {
        var startedUs = UnixMicroseconds.From(usage.StartedAt);
        var key = (UnixMicroseconds.HourOf(startedUs), series);
        if (!_hours.TryGetValue(key, out var sums))
        {
            _hours[key] = sums = new Sums();
        }

        sums.Add(usage, sign);
        _hasCacheWrites |= usage.Usage.CacheWriteTokens > 0;
    }

    public RowBatch ToBatch()
    {
        Int64Column[] columns =
        [
            new("hour_us"), new("series_id"), new("attempts"), new("calls"), new("failed"), new("estimated"),
            new("prompt_tokens"), new("cached_tokens"), new("output_tokens"), new("reasoning_tokens"),
            new("cost_usd"), new("cost_nano_usd"),
        ];
        if (_hasCacheWrites)
        {
            columns = [.. columns, new("cache_write_tokens"), new("cache_write_1h_tokens")];
        }

        foreach (var ((hourUs, series), sums) in _hours)
        {
            columns[0].Values.Add(hourUs);
            columns[1].Values.Add(series);
            columns[2].Values.Add(sums.Attempts);
            columns[3].Values.Add(sums.Calls);
            columns[4].Values.Add(sums.Failed);
            columns[5].Values.Add(sums.Estimated);
            columns[6].Values.Add(sums.Prompt);
            columns[7].Values.Add(sums.Cached);
            columns[8].Values.Add(sums.Output);
            columns[9].Values.Add(sums.Reasoning);
            columns[10].Values.Add(sums.CostUsd);
            columns[11].Values.Add(sums.CostNano);
            if (_hasCacheWrites)
            {
                columns[12].Values.Add(sums.CacheWrite);
                columns[13].Values.Add(sums.CacheWrite1h);
            }
        }

        return new RowBatch("usage_hour", _hasCacheWrites ? AddCacheWrites : AddToOld, columns);
    }

    sealed class Sums
    {
        public long Attempts { get; private set; }

        public long Calls { get; private set; }

        public long Failed { get; private set; }

        public long Estimated { get; private set; }

        public long Prompt { get; private set; }

        public long Cached { get; private set; }

        public long CacheWrite { get; private set; }

        public long CacheWrite1h { get; private set; }

        public long Output { get; private set; }

        public long Reasoning { get; private set; }

        public long CostUsd { get; private set; }

        public long CostNano { get; private set; }

        public void Add(UsageEvent usage, int sign)
        {
            Attempts += sign;
            Calls += usage.Attempt == 1 ? sign : 0;
            Failed += usage.Outcome is AttemptOutcome.Succeeded or AttemptOutcome.Abandoned ? 0 : sign;
            Estimated += (usage.Flags & UsageFlags.Estimated) != 0 ? sign : 0;
            Prompt += sign * usage.Usage.PromptTokens;
            Cached += sign * usage.Usage.CachedTokens;
            CacheWrite += sign * usage.Usage.CacheWriteTokens;
            CacheWrite1h += sign * usage.Usage.CacheWrite1hTokens;
            Output += sign * usage.Usage.OutputTokens;
            Reasoning += sign * usage.Usage.ReasoningTokens;

            // Apart, because some dear calls together exceed 64 bits of nano-USD.
            var (usd, nano) = Math.DivRem(usage.Cost().Value, NanoUsd.PerUsd);
            CostUsd += sign * usd;
            CostNano += sign * nano;
        }
    }
}
