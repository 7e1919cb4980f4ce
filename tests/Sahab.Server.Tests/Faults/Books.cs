using System.Globalization;
using Sahab.Emulator.Billing;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Faults;

/// <summary>Prompt, cached, cache-written (for an hour) and output tokens.</summary>
internal readonly record struct Tokens(long Prompt, long Cached, long Written, long Written1h, long Output)
{
    public static Tokens operator +(Tokens left, Tokens right) =>
        new(
            left.Prompt + right.Prompt, left.Cached + right.Cached, left.Written + right.Written,
            left.Written1h + right.Written1h, left.Output + right.Output);

    public static Tokens operator -(Tokens left, Tokens right) =>
        new(
            left.Prompt - right.Prompt, left.Cached - right.Cached, left.Written - right.Written,
            left.Written1h - right.Written1h, left.Output - right.Output);

    public static Tokens Of(UsageEvent usage) => new(
        usage.Usage.PromptTokens, usage.Usage.CachedTokens, usage.Usage.CacheWriteTokens,
        usage.Usage.CacheWrite1hTokens, usage.Usage.OutputTokens);

    public static Tokens Of(Emulator.Engine.Usage usage) =>
        new(usage.Prompt, usage.Cached, usage.CacheWritten, usage.CacheWritten1h, usage.Output);
}

/// <summary>Our ledger beside the clouds' own books, once all is quiet.</summary>
internal sealed class Books
{
    public const UsageFlags Unsure = UsageFlags.Estimated | UsageFlags.Suspect;

    public required IReadOnlyList<UsageEvent> Events { get; init; }

    public required IReadOnlyDictionary<string, Tokens> Billed { get; init; }

    public required IReadOnlyList<BillLine> Lines { get; init; }

    public IEnumerable<UsageEvent> Flagged => Events.Where(usage => (usage.Flags & Unsure) != 0);

    /// <summary>Waits until no call runs anywhere and nothing is held any more, then reads both sides.</summary>
    public static async Task<Books> CloseAsync(TestHouse house)
    {
        await WhenQuietAsync(house);
        await house.DrainLedgerAsync();
        string[] clouds = [.. house.Configuration.Current.Providers.Select(provider => provider.Id)];
        return new Books
        {
            Events = await ReadEventsAsync(house.Get<UsageStore>()),
            Billed = clouds.ToDictionary(
                cloud => cloud,
                cloud => house.Clouds.ReadBill(cloud).Aggregate(
                    default(Tokens), (sum, entry) => sum + Tokens.Of(entry.Billed))),
            Lines = [.. clouds.SelectMany(house.Clouds.ReadBillLines)],
        };
    }

    /// <summary>All events of a store, checked to be there once each.</summary>
    public static async Task<List<UsageEvent>> ReadEventsAsync(UsageStore store)
    {
        var events = new List<UsageEvent>();
        EventMark? before = null;
        while (true)
        {
            var page = await store.EventsAsync(new UsageQuery(), before, 1000, CancellationToken.None);
            events.AddRange(page);
            if (page.Count == 0)
            {
                events.Select(usage => usage.EventId).ShouldBeUnique();
                return events;
            }

            before = new EventMark((page[^1].StartedAt - DateTimeOffset.UnixEpoch).Ticks / 10, page[^1].EventId);
        }
    }

    public Tokens InLedger(string provider) => Events.Where(usage => usage.Provider == provider)
        .Aggregate(default(Tokens), (sum, usage) => sum + Tokens.Of(usage));

    /// <summary>The ledger is the sum of the bills, to the token, for each provider.</summary>
    public void ShouldAgree()
    {
        foreach (var (provider, billed) in Billed)
        {
            InLedger(provider).ShouldBe(billed, Differences(provider));
        }
    }

    /// <summary>
    /// The ledger and the bills differ by exactly those events that say of themselves that their figure is not sure,
    /// and by no other.
    /// </summary>
    public void ShouldAgreeButForFlagged()
    {
        var lines = Lines.ToLookup(line => (line.Account.Cloud, line.RequestId));
        foreach (var (provider, billed) in Billed)
        {
            var sure = Events.Where(usage => usage.Provider == provider && (usage.Flags & Unsure) == 0).ToList();
            var ledger = sure.Aggregate(default(Tokens), (sum, usage) => sum + Tokens.Of(usage));
            // Lines of calls whose event is flagged; those that we gave up before they told us their id included.
            var known = sure.Select(usage => usage.UpstreamRequestId).ToHashSet(StringComparer.Ordinal);
            var unsure = Lines
                .Where(line => line.Account.Cloud == provider && !known.Contains(line.RequestId)).ToList();
            var flagged = Flagged.Where(usage => usage.Provider == provider).ToList();
            var rest = unsure.Aggregate(default(Tokens), (sum, line) => sum + Tokens.Of(line.Billed));
            (ledger + rest).ShouldBe(billed, Differences(provider));
            unsure.Count(line => line.Billed != Emulator.Engine.Usage.None)
                .ShouldBeLessThanOrEqualTo(flagged.Count, Differences(provider));
        }

        foreach (var usage in Events.Where(usage => (usage.Flags & Unsure) == 0 && usage.UpstreamRequestId is not null))
        {
            var billed = lines[(usage.Provider, usage.UpstreamRequestId!)]
                .Aggregate(default(Tokens), (sum, line) => sum + Tokens.Of(line.Billed));
            Tokens.Of(usage).ShouldBe(billed, Describe(usage));
        }
    }

    string Differences(string provider)
    {
        var lines = Lines.Where(line => line.Account.Cloud == provider)
            .ToLookup(line => line.RequestId, StringComparer.Ordinal);
        var ours = Events.Where(usage => usage.Provider == provider).ToList();
        var known = ours.Select(usage => usage.UpstreamRequestId).ToHashSet(StringComparer.Ordinal);
        var wrong = ours
            .Select(usage => (usage, line: usage.UpstreamRequestId is { } id ? lines[id].FirstOrDefault() : null))
            .Where(pair => Tokens.Of(pair.usage) != (pair.line is null ? default : Tokens.Of(pair.line.Billed)))
            .Select(pair => $"{Describe(pair.usage)}; the bill: {pair.line}");
        var missing = Lines.Where(line => line.Account.Cloud == provider && !known.Contains(line.RequestId))
            .Select(line => $"only in the bill: {line}");
        return string.Join('\n', wrong.Concat(missing).Take(20));
    }

    static string Describe(UsageEvent usage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{usage.Deployment} {usage.UpstreamRequestId} {usage.Outcome} {usage.UpstreamStatus} [{usage.Flags}] "
        + $"{usage.Usage} after {usage.Duration.TotalMilliseconds:f0} ms");

    /// <summary>Every counter of things held has come back to zero: no lease leaks, whatever went wrong.</summary>
    static async Task WhenQuietAsync(TestHouse house)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (Held(house) is { } held)
        {
            patience.IsCancellationRequested.ShouldBeFalse($"something is still held: {held}");
            await Task.Delay(20);
        }

        foreach (var provider in house.Configuration.Current.Providers)
        {
            await house.Clouds.WhenQuietAsync(provider.Id, patience.Token);
        }
    }

    static string? Held(TestHouse house)
    {
        var snapshot = house.Get<SnapshotPublisher>().Current;
        var nowMs = house.Get<Hosting.MonotonicClock>().NowMs;
        foreach (var deployment in snapshot.Routing.Deployments)
        {
            if (deployment.State.Read(nowMs).InFlight is var calls and not 0)
            {
                return $"{calls} leases of {deployment.Spec.Id}";
            }
        }

        foreach (var key in snapshot.Keys.Keys)
        {
            if (key.Limiter.Read(nowMs).InFlight is var calls and not 0)
            {
                return $"{calls} leases of key {key.Id}";
            }
        }

        return house.Get<FrontDoor>().InHouse is var inHouse and not 0 ? $"{inHouse} calls in the house"
            : house.Get<DrainGate>().Running is var drains and not 0 ? $"{drains} drains"
            : house.Get<CallWatch>().Count is var watched and not 0 ? $"{watched} attempts under watch"
            : house.Get<Placement>().Waiting is var waiting and not 0 ? $"{waiting} waiting calls"
            : null;
    }
}
