using System.Globalization;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>The place of an event in the newest-first order, to go on from.</summary>
internal readonly record struct EventMark(long StartedUs, Guid EventId)
{
    public static EventMark Of(UsageEvent usage) => new(UnixMicroseconds.From(usage.StartedAt), usage.EventId);

    /// <summary>Reads what <see cref="ToString"/> wrote; null: it is none.</summary>
    public static EventMark? Parse(string? text) => text?.Split('_') is [var us, var id]
        && long.TryParse(us, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var startedUs)
        && Guid.TryParseExact(id, "N", out var eventId)
        ? new EventMark(startedUs, eventId) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StartedUs}_{EventId:N}");
}

/// <summary>An event as the store's rows hold it.</summary>
internal sealed class UsageEventRow
{
    public string EventId { get; init; } = "";

    public string CallId { get; init; } = "";

    public long Attempt { get; init; }

    public long StartedUs { get; init; }

    public long DurationUs { get; init; }

    public long? FirstTokenUs { get; init; }

    public long Outcome { get; init; }

    public long UpstreamStatus { get; init; }

    public long Flags { get; init; }

    public long PromptTokens { get; init; }

    public long CachedTokens { get; init; }

    public long CacheWriteTokens { get; init; }

    public long CacheWrite1hTokens { get; init; }

    public long OutputTokens { get; init; }

    public long ReasoningTokens { get; init; }

    public string? UpstreamRequestId { get; init; }

    /// <summary>The terms that it was posted by; 0: under no contract.</summary>
    public long TermsId { get; init; }

    /// <summary>The terms that it was sold by; 0: it was not sold.</summary>
    public long SaleTermsId { get; init; }

    /// <summary>What the customer owes for it, in nano-USD.</summary>
    public long SaleNano { get; init; }

    /// <summary>The correction that it stands at; 0: it was never corrected.</summary>
    public long Revision { get; init; }

    /// <summary>How often it was adjusted.</summary>
    public long Adjustments { get; init; }

    public long SeriesId { get; init; }

    public string Tenant { get; init; } = "";

    public string KeyId { get; init; } = "";

    public string Model { get; init; } = "";

    public string Deployment { get; init; } = "";

    public string Provider { get; init; } = "";

    public string Region { get; init; } = "";

    public string Country { get; init; } = "";

    public string Operation { get; init; } = "";

    public string ServiceTier { get; init; } = "";

    public long PromptPrice { get; init; }

    public long CachedPrice { get; init; }

    public long? CacheWritePrice { get; init; }

    public long? CacheWrite1hPrice { get; init; }

    public long OutputPrice { get; init; }

    public UsageEvent FromRow() => new()
    {
        EventId = Guid.Parse(EventId),
        CallId = Guid.Parse(CallId),
        Attempt = (int)Attempt,
        StartedAt = UnixMicroseconds.ToTime(StartedUs),
        Duration = TimeSpan.FromMicroseconds(DurationUs),
        FirstToken = FirstTokenUs is { } first ? TimeSpan.FromMicroseconds(first) : null,
        Tenant = Tenant,
        Key = KeyId,
        Model = Model,
        Deployment = Deployment,
        Provider = Provider,
        Region = Region,
        Country = Country,
        Operation = Operation,
        ServiceTier = ServiceTier,
        Outcome = (AttemptOutcome)Outcome,
        UpstreamStatus = (int)UpstreamStatus,
        Usage = new TokenUsage(PromptTokens, CachedTokens, OutputTokens, ReasoningTokens)
        {
            CacheWriteTokens = CacheWriteTokens,
            CacheWrite1hTokens = CacheWrite1hTokens,
        },
        Prices = new PriceTerms(
            PromptPrice, CachedPrice, CacheWritePrice ?? PromptPrice, CacheWrite1hPrice ?? PromptPrice, OutputPrice),
        Flags = (UsageFlags)Flags,
        UpstreamRequestId = UpstreamRequestId,
    };
}
