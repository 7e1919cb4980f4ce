using System.Buffers.Binary;
using System.Text;
using Sahab.Wire.Bedrock;

namespace Sahab.Tests.Wire.Bedrock;

public sealed class EventStreamDecoderTests
{
    const string Vector =
        "000000280000001660470EFD0D3A6D6573736167652D747970650700056576656E747B7DB7184AFC";

    [Fact]
    public void The_known_frame_is_read()
    {
        using var decoder = new EventStreamDecoder();
        ReadOnlySpan<byte> bytes = Convert.FromHexString(Vector);
        decoder.Read(ref bytes, out EventStreamFrame frame).ShouldBe(EventStreamStatus.Frame);
        frame.Kind.ShouldBe(EventStreamKind.Event);
        Encoding.UTF8.GetString(frame.Payload).ShouldBe("{}");
        bytes.Length.ShouldBe(0);
        decoder.IsBetweenFrames.ShouldBeTrue();
    }

    [Fact]
    public void The_tests_make_the_same_frame() =>
        Convert.ToHexString(Frames.Encode("{}"u8.ToArray(), (":message-type", "event"))).ShouldBe(Vector);

    [Fact]
    public void A_stream_reads_the_same_however_it_is_cut()
    {
        string whole = ReadInPieces(Frames.Golden, [Frames.Golden.Length]);
        whole.ShouldContain("messageStart={\"role\":\"assistant\",\"p\":\"ab\"}");
        whole.ShouldEndWith("between");
        for (var cut = 0; cut <= Frames.Golden.Length; cut++)
        {
            ReadInPieces(Frames.Golden, [cut, Math.Min(cut + 5, Frames.Golden.Length), Frames.Golden.Length]).ShouldBe(whole);
        }

        ReadInPieces(Frames.Golden, Enumerable.Range(0, Frames.Golden.Length + 1)).ShouldBe(whole);
    }

    [Fact]
    public void A_single_wrong_bit_is_found_wherever_it_is()
    {
        byte[] frame = Frames.Event("messageStop", """{"stopReason":"end_turn"}""");
        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] damaged = [.. frame];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            ReadInPieces(damaged, [damaged.Length]).ShouldBe("broken", $"bit {bit}");
        }
    }

    [Fact]
    public void A_frame_without_its_end_is_told_from_a_whole_one()
    {
        for (var length = 1; length < Frames.Golden.Length; length++)
        {
            string read = ReadInPieces(Frames.Golden[..length], [length]);
            (read.EndsWith("between", StringComparison.Ordinal) || read.EndsWith("within", StringComparison.Ordinal))
                .ShouldBeTrue();
        }

        ReadInPieces(Frames.Golden[..^1], [Frames.Golden.Length - 1]).ShouldEndWith("within");
    }

    [Fact]
    public void A_frame_that_would_be_too_long_is_refused_before_it_comes()
    {
        byte[] frame = Frames.EncodeRaw(new byte[100], []);
        using var decoder = new EventStreamDecoder(maxFrameBytes: frame.Length - 1);
        ReadOnlySpan<byte> beginning = frame.AsSpan(0, 12);
        decoder.Read(ref beginning, out _).ShouldBe(EventStreamStatus.Broken);

        using var roomy = new EventStreamDecoder(frame.Length);
        ReadOnlySpan<byte> all = frame;
        roomy.Read(ref all, out _).ShouldBe(EventStreamStatus.Frame);
    }

    [Fact]
    public void Headers_of_every_kind_are_passed_over()
    {
        byte[] headers =
        [
            1, (byte)'a', 0, 1, (byte)'b', 1, 1, (byte)'c', 2, 9, 1, (byte)'d', 3, 9, 9, 1, (byte)'e', 4, 9, 9, 9, 9,
            1, (byte)'f', 5, 1, 2, 3, 4, 5, 6, 7, 8, 1, (byte)'g', 6, 0, 2, 9, 9, 1, (byte)'h', 8, 1, 2, 3, 4, 5, 6, 7, 8,
            1, (byte)'i', 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
            13, .. ":message-type"u8, 7, 0, 5, .. "event"u8, 11, .. ":event-type"u8, 7, 0, 1, (byte)'x',
        ];
        ReadInPieces(Frames.EncodeRaw([], headers), [Frames.EncodeRaw([], headers).Length]).ShouldBe("x=\nbetween");
    }

    [Theory]
    [InlineData(new byte[] { 0, 7, 0, 0 })]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 1, 97 })]
    [InlineData(new byte[] { 1, 97, 10 })]
    [InlineData(new byte[] { 1, 97, 7 })]
    [InlineData(new byte[] { 1, 97, 7, 0 })]
    [InlineData(new byte[] { 1, 97, 7, 0, 1 })]
    [InlineData(new byte[] { 1, 97, 7, 255, 255, 1 })]
    [InlineData(new byte[] { 255, 97, 7, 0, 0 })]
    [InlineData(new byte[] { 1, 97, 9, 0, 0 })]
    public void Headers_that_make_no_sense_break_the_stream(byte[] headers)
    {
        byte[] frame = Frames.EncodeRaw([], headers);
        ReadInPieces(frame, [frame.Length]).ShouldBe("broken");
    }

    [Fact]
    public void Lengths_that_contradict_each_other_break_the_stream()
    {
        foreach ((uint total, uint headers) in new (uint, uint)[]
            { (0, 0), (15, 0), (16, 1), (20, 5), (uint.MaxValue, 0), (40, uint.MaxValue), (0x8000_0010, 0) })
        {
            var prelude = new byte[12];
            BinaryPrimitives.WriteUInt32BigEndian(prelude, total);
            BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(4), headers);
            BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(8), Frames.Sum(prelude.AsSpan(0, 8)));
            ReadInPieces(prelude, [12]).ShouldBe("broken", $"{total} {headers}");
        }
    }

    static string ReadInPieces(byte[] stream, IEnumerable<int> cuts)
    {
        using var decoder = new EventStreamDecoder();
        var read = new StringBuilder();
        var start = 0;
        foreach (int cut in cuts)
        {
            ReadOnlySpan<byte> piece = stream.AsSpan(start, cut - start);
            start = cut;
            while (decoder.Read(ref piece, out EventStreamFrame frame) is var status && status != EventStreamStatus.NeedMore)
            {
                if (status == EventStreamStatus.Broken)
                {
                    return read.Append("broken").ToString();
                }

                read.Append(Encoding.UTF8.GetString(frame.Name)).Append('=')
                    .Append(Encoding.UTF8.GetString(frame.Payload)).Append('\n');
            }

            piece.Length.ShouldBe(0);
        }

        return read.Append(decoder.IsBetweenFrames ? "between" : "within").ToString();
    }
}
