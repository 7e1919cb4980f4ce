using System.Globalization;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Plan.Replay;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Source.Bills;
using Sahab.Server.Source.Purchases;
using Sahab.Server.Tests.House;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Server.Tests.Readme;

/// <summary>The values in docs/operations/limits.md are those of the code.</summary>
public class LimitsTests
{
    static readonly string Text = File.ReadAllText(Repository.PathOf("docs/operations/limits.md"));

    [Fact]
    public void Those_that_are_configured_have_the_defaults_of_the_configuration()
    {
        var server = new ServerConfig();
        Says("calls in the house", server.MaxConcurrentCalls);
        Says("a call from arrival to end", Seconds(server.CallDeadline));
        Says("request body", Mebibytes(server.MaxBodyBytes));
        Says("attempts of a call", new RoutingConfig().MaxAttempts);
        Says("waiting calls", new QueueConfig().MaxWaiting);
        Says("waiting time", Seconds(new QueueConfig().MaxWait));
        Says("output tokens assumed", new AdmissionConfig().DefaultOutputTokens);
        Says("connecting", Seconds(new TimeoutsConfig().Connect));
        Says("first byte of an answer", Seconds(new TimeoutsConfig().FirstByte));
        Says("between two chunks", Seconds(new TimeoutsConfig().BetweenChunks));
        Says("failures in a row", new BreakerConfig().Failures);
        Says("a breaker stays open", $"{Seconds(new BreakerConfig().OpenFor)}, doubling to "
            + Seconds(new BreakerConfig().MaxOpenFor));
        Says("events appended and not committed", new JournalConfig().MaxPending);
        Says("reading on for a client that has gone: time", Seconds(new DrainConfig().MaxTime));
        Says("the same: bytes", Mebibytes(new DrainConfig().MaxBytes));
        Says("the same: streams", new DrainConfig().MaxConcurrent);
    }

    [Fact]
    public void The_others_have_the_values_of_the_constants()
    {
        Says("nesting of a request's JSON", $"{RequestScanner.MaxDepth} levels");
        Says("model name", $"{RequestFacts.MaxModelBytes} bytes");
        Says("choices (`n`)", RequestFacts.MaxChoices);
        Says("deployments of a model", ModelRoute.MaxCandidates);
        Says("`Retry-After` that is believed", $"{RetryAfter.MaxMs / 86_400_000} days");
        Says("one event of a stream", Mebibytes(SseScanner.DefaultMaxEventBytes));
        var journal = new JournalOptions { Path = "x" };
        Says("the journal's file", $"{journal.MaxBytes >> 30} GiB");
        Says("a group", $"{journal.GroupBytes >> 10} KiB or {journal.CommitIntervalMs} ms");
        Says("write-ahead log", Mebibytes(journal.CheckpointBytes));
        Says("groups in an answer about usage", UsageStore.MaxGroups);
        Says("rows of a bill in FOCUS, read or written", FocusCsv.MaxRows);
        Says("purchases in a list", PurchaseStore.MaxPage);
        Says("recent calls kept", RecentCalls.Capacity);
        Says("`sahab replay`: calls in flight", ReplayOptions.DefaultMaxInFlight);
    }

    static void Says(string what, int value) => Says(what, value.ToString("N0", CultureInfo.InvariantCulture));

    static void Says(string what, string value)
    {
        var row = Text.Split('\n').Where(line => line.StartsWith($"| {what}", StringComparison.Ordinal))
            .ShouldHaveSingleItem(what);
        row.Split('|')[2].Trim().ShouldBe(value, what);
    }

    static string Seconds(TimeSpan time) => $"{time.TotalSeconds} s";

    static string Mebibytes(long bytes) => $"{bytes / 1048576.0} MiB";
}
