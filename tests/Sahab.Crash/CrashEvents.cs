using System.Buffers.Binary;
using System.Globalization;
using Sahab.Ledger.Rating;

namespace Sahab.Crash;

/// <summary>Events that a test can make again from the same numbers.</summary>
public static class CrashEvents
{
    /// <summary>The event with this number of one appender of one run.</summary>
    public static UsageEvent Make(int seed, int appender, int number)
    {
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(number);
        return new UsageEvent
        {
            EventId = Id(1, seed, appender, number),
            CallId = Id(2, seed, appender, number),
            Attempt = 1,
            StartedAt = at,
            Duration = TimeSpan.FromMilliseconds(number % 1000),
            FirstToken = TimeSpan.FromMilliseconds(number % 100),
            Tenant = "acme",
            Key = "acme-" + (appender % 4).ToString(CultureInfo.InvariantCulture),
            Model = "gpt-large",
            Deployment = "gpt-large-eastus",
            Provider = appender % 2 == 0 ? "azure" : "google",
            Region = "eastus",
            Country = "US",
            Operation = "chat.completions",
            ServiceTier = "default",
            Outcome = AttemptOutcome.Succeeded,
            UpstreamStatus = 200,
            Usage = new TokenUsage(100 + (number % 50), number % 50, 20, 5),
            Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m),
        };
    }

    static Guid Id(byte kind, int seed, int appender, int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes[0] = kind;
        BinaryPrimitives.WriteInt32BigEndian(bytes[1..], seed);
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], appender);
        BinaryPrimitives.WriteInt32BigEndian(bytes[9..], number);
        return new Guid(bytes, bigEndian: true);
    }
}
