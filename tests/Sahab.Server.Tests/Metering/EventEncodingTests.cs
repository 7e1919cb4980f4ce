using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Tests.Metering;

public class EventEncodingTests
{
    /// <summary>Sample 9 as the first release wrote it.</summary>
    const string Version1 =
        "a3000000d7bf3826010100000000000000000000000000000902000000000000000000000000000003009669528b77de"
        + "08020801ad0390b15d91bf05f1076d3b0980f28ba80980e59a7780dc9afd280874656e616e742d30056b65792d340967"
        + "70742d736d616c6c0c6465706c6f796d656e742d3106676f6f676c6508726567696f6e2d31024e4c10636861742e636f"
        + "6d706c6574696f6e730764656661756c7409726571756573742d39";

    /// <summary>Sample 9 with cache writes as the first release that knew of them wrote it.</summary>
    const string Version2 =
        "b0000000ca5743d3020100000000000000000000000000000902000000000000000000000000000003009669528b77de"
        + "08020801ad0390b15d91bf05f1076d3b0980f28ba80980e59a7780dc9afd28b50209c0ee8ed20b80e497d0120874656e"
        + "616e742d30056b65792d34096770742d736d616c6c0c6465706c6f796d656e742d3106676f6f676c6508726567696f6e"
        + "2d31024e4c10636861742e636f6d706c6574696f6e730764656661756c7409726571756573742d39";

    [Fact]
    public void Every_event_is_read_as_it_was_written()
    {
        var texts = Gen.Elements("", "a", "gpt-large", "модель", "模型", new string('x', 43), new string('y', 1024));
        var counts = Gen.OneOf(
            Gen.Choose(0, 300).Select(value => (long)value), Gen.Elements(long.MaxValue, 1L << 35, 127L, 128L));
        var events = from number in Gen.Choose(0, 1000)
                     from text in texts
                     from other in texts
                     from count in counts
                     from outcome in Gen.Elements(Enum.GetValues<AttemptOutcome>())
                     from flags in Gen.Choose(0, 31)
                     from written in counts
                     from price in counts
                     select SampleUsage.Make(number) with
                     {
                         Tenant = text,
                         Model = other,
                         Usage = new TokenUsage(count, count, count, count)
                         {
                             CacheWriteTokens = written,
                             CacheWrite1hTokens = written / 2,
                         },
                         Prices = new PriceTerms(count, count, price, written, count),
                         Outcome = outcome,
                         Flags = (UsageFlags)flags,
                     };
        Prop.ForAll(events.ToArbitrary(), usage => Decode(Encode(usage)).Single() == usage)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void What_wrote_to_no_cache_is_written_as_it_always_was() =>
        Convert.ToHexStringLower(Encode(SampleUsage.Make(9))).ShouldBe(Version1);

    [Fact]
    public void Version_1_is_read_for_ever() =>
        Decode(Convert.FromHexString(Version1)).ShouldBe([SampleUsage.Make(9)]);

    [Fact]
    public void What_wrote_to_a_cache_is_version_2() =>
        Convert.ToHexStringLower(Encode(SampleUsage.MakeWithCacheWrites(9))).ShouldBe(Version2);

    [Fact]
    public void Version_2_is_read_for_ever() =>
        Decode(Convert.FromHexString(Version2)).ShouldBe([SampleUsage.MakeWithCacheWrites(9)]);

    [Fact]
    public void A_price_of_cache_writes_is_kept_though_nothing_was_written()
    {
        var usage = SampleUsage.Make(3) with { Prices = PriceTerms.FromUsdPerMillion(3m, 0.3m, 15m, 3.75m, 6m) };
        Decode(Encode(usage)).ShouldBe([usage]);
    }

    [Fact]
    public void A_time_is_kept_in_utc()
    {
        var usage = SampleUsage.Make(1);
        var elsewhere = usage with { StartedAt = usage.StartedAt.ToOffset(TimeSpan.FromHours(5)) };
        var read = Decode(Encode(elsewhere)).ShouldHaveSingleItem();
        read.StartedAt.ShouldBe(usage.StartedAt);
        read.StartedAt.Offset.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_long_request_id_of_a_provider_is_cut_and_a_long_name_of_ours_is_refused()
    {
        var read = Decode(Encode(SampleUsage.Make(1) with { UpstreamRequestId = new string('r', 5000) }));
        read.ShouldHaveSingleItem().UpstreamRequestId.ShouldBe(new string('r', 85));
        Should.Throw<ArgumentException>(() => Encode(SampleUsage.Make(1) with { Model = new string('m', 1025) }));
    }

    [Fact]
    public void A_change_of_any_one_byte_is_noticed_and_spares_the_other_events()
    {
        UsageEvent[] originals = [SampleUsage.Make(1), SampleUsage.Make(2)];
        byte[] group = [.. Encode(originals[0]), .. Encode(originals[1])];
        for (var i = 0; i < group.Length; i++)
        {
            var changed = group.ToArray();
            changed[i] ^= 0x5A;
            var events = new List<UsageEvent>();
            var damage = EventEncoding.Decode(changed, events);
            (damage is not null && events.Count < 2 && events.All(originals.Contains)).ShouldBeTrue($"byte {i}");
        }
    }

    [Fact]
    public void A_group_that_ends_early_is_noticed()
    {
        var group = Encode(SampleUsage.Make(1));
        for (var length = 1; length < group.Length; length++)
        {
            EventEncoding.Decode(group.AsSpan(0, length), []).ShouldNotBeNull($"{length} bytes");
        }
    }

    [Fact]
    public void A_version_of_the_future_is_reported_and_not_guessed_at()
    {
        var events = new List<UsageEvent>();
        var frame = Encode(SampleUsage.Make(1));
        frame[EventEncoding.HeaderBytes] = 3;
        BitConverter.TryWriteBytes(frame.AsSpan(4), Crc32C(frame.AsSpan(EventEncoding.HeaderBytes))).ShouldBeTrue();
        EventEncoding.Decode(frame, events).ShouldNotBeNull().ShouldContain("version 3");
        events.ShouldBeEmpty();
    }

    static byte[] Encode(UsageEvent usage)
    {
        var buffer = new byte[EventEncoding.MaxFrameBytes];
        return buffer[..EventEncoding.Encode(usage, buffer)];
    }

    static List<UsageEvent> Decode(byte[] group)
    {
        var events = new List<UsageEvent>();
        EventEncoding.Decode(group, events).ShouldBeNull();
        return events;
    }

    /// <summary>The checksum bit by bit, independent of the processor's instruction.</summary>
    static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;
            }
        }

        return ~crc;
    }
}
