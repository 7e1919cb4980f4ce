using System.Globalization;
using Sahab.Ledger.Rating;

namespace Sahab.Benchmarks.Metering;

/// <summary>Events of a realistic size: eight deployments of four providers, forty keys.</summary>
internal static class SampleEvents
{
    public static readonly string[] Providers = ["azure", "google", "coreweave", "own"];

    public static UsageEvent[] Make(int count, int seed = 1)
    {
        var random = new Random(seed);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var events = new UsageEvent[count];
        for (var i = 0; i < count; i++)
        {
            events[i] = Make(random, start.AddMilliseconds(i));
        }

        return events;
    }

    public static UsageEvent Make(Random random, DateTimeOffset at)
    {
        var id = new byte[16];
        random.NextBytes(id);
        var key = random.Next(40);
        var prompt = random.Next(10, 8000);
        var output = random.Next(1, 1000);
        var provider = Providers[random.Next(Providers.Length)];
        var region = provider + (random.Next(2) == 0 ? "-east-1" : "-west-2");
        return new UsageEvent
        {
            EventId = Guid.CreateVersion7(at),
            CallId = new Guid(id),
            Attempt = 1,
            StartedAt = at,
            Duration = TimeSpan.FromMilliseconds(random.Next(100, 10_000)),
            FirstToken = TimeSpan.FromMilliseconds(random.Next(20, 900)),
            Tenant = "tenant-" + (key / 4).ToString(CultureInfo.InvariantCulture),
            Key = "key-" + key.ToString(CultureInfo.InvariantCulture),
            Model = "gpt-large",
            Deployment = $"gpt-large-{region}",
            Provider = provider,
            Region = region,
            Country = "US",
            Operation = "chat.completions",
            ServiceTier = "default",
            Outcome = AttemptOutcome.Succeeded,
            UpstreamStatus = 200,
            Usage = new TokenUsage(prompt, prompt / 3, output, output / 4),
            Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m),
            Flags = UsageFlags.Streamed,
            UpstreamRequestId = "chatcmpl-9xkq2hq8Yp1fZ0b7",
        };
    }
}
