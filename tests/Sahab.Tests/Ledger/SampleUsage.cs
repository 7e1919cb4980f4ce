using System.Buffers.Binary;
using System.Globalization;
using Sahab.Ledger.Rating;

namespace Sahab.Tests.Ledger;

/// <summary>Usage events that differ in everything, made from a number.</summary>
internal static class SampleUsage
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    static readonly string[] Providers = ["azure", "google", "coreweave", "own"];
    static readonly string[] Countries = ["US", "NL", "NO", "DE"];

    public static UsageEvent Make(int number) => new()
    {
        EventId = Id(1, number),
        CallId = Id(2, number / 3),
        Attempt = 1 + (number % 3),
        StartedAt = Start.AddMinutes(number),
        Duration = TimeSpan.FromMilliseconds(17 * number),
        FirstToken = number % 4 == 0 ? null : TimeSpan.FromMilliseconds(number),
        Tenant = "tenant-" + Text(number % 3),
        Key = "key-" + Text(number % 5),
        Model = number % 2 == 0 ? "gpt-large" : "gpt-small",
        Deployment = "deployment-" + Text(number % 4),
        Provider = Providers[number % 4],
        Region = "region-" + Text(number % 4),
        Country = Countries[number % 4],
        Operation = "chat.completions",
        ServiceTier = number % 7 == 0 ? "flex" : "default",
        Outcome = number % 3 == 2 ? AttemptOutcome.Succeeded : AttemptOutcome.Throttled,
        UpstreamStatus = number % 3 == 2 ? 200 : 429,
        Usage = new TokenUsage(1000 + number, 100 + (number % 100), 50 + number, number % 50),
        Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m + (number % 2)),
        Flags = number % 5 == 0 ? UsageFlags.Estimated | UsageFlags.Streamed : UsageFlags.Streamed,
        UpstreamRequestId = number % 6 == 0 ? null : "request-" + Text(number),
    };

    /// <summary>The same, at a provider that charges for what it writes to its cache.</summary>
    public static UsageEvent MakeWithCacheWrites(int number)
    {
        var usage = Make(number);
        return usage with
        {
            Usage = usage.Usage with { CacheWriteTokens = 300 + number, CacheWrite1hTokens = number % 300 },
            Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m + (number % 2), 3.125m, 5m),
        };
    }

    public static List<UsageEvent> Many(int count, int from = 0) =>
        Enumerable.Range(from, count).Select(Make).ToList();

    public static Guid Id(byte kind, int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes[0] = kind;
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], number);
        return new Guid(bytes, bigEndian: true);
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
