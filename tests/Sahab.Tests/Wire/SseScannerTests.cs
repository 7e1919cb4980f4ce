using System.Text;
using Sahab.Wire.Sse;

namespace Sahab.Tests.Wire;

public sealed class SseScannerTests
{
    static readonly string[] Streams =
    [
        "data: a\n\ndata: b\n\n",
        "data: a\r\n\r\ndata: b\r\n\r\n",
        "data: a\r\rdata: b\r\r",
        "data: a\r\n\ndata: b\n\r\n",
        "data: a\n\rdata: b\r\r\n",
        "data:a\n\ndata:  b\n\n",
        ": ping\n\ndata: a\n\n:\n\n",
        ": ping\ndata: a\n: pong\n\n",
        "event: error\ndata: {\"error\":{}}\n\n",
        "event:one\nevent:two\ndata\nid: 3\nretry: 9\n\n",
        "data: a\ndata: b\ndata:\ndata\ndata: 雲\n\n",
        "data: a\r\ndata: b\r\n\r\ndata: c\rdata: d\r\r",
        "\uFEFFdata: a\n\n\uFEFFdata: b\n\n",
        "\n\n\r\n\rdata: a\n\n\n",
        "dat: a\ndata : b\nDATA: c\n\n",
        "data: a\n\ndata: cut",
        "data: a\n\ndata: cut\n",
        "data: a\n\ndata: cut\r",
        "data: a\n\ndat",
        "data: a\n\n: only a comment",
        "data: [DONE]\n\n",
        "data: a\r\n\r",
        "\uFEFF",
        "",
    ];

    public static TheoryData<int> EachStream()
    {
        var data = new TheoryData<int>();
        for (var i = 0; i < Streams.Length; i++)
        {
            data.Add(i);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EachStream))]
    public void A_stream_reads_as_the_standard_says_however_it_is_cut(int index)
    {
        byte[] stream = Encoding.UTF8.GetBytes(Streams[index]);
        List<string> expected = Oracle(Streams[index]);
        Reading whole = ReadInPieces(stream, [stream.Length]);
        whole.Events.ShouldBe(expected);
        for (var cut = 0; cut <= stream.Length; cut++)
        {
            for (int second = cut; second <= stream.Length; second++)
            {
                ReadInPieces(stream, [cut, second, stream.Length]).ShouldBe(whole);
            }
        }

        ReadInPieces(stream, Enumerable.Range(0, stream.Length + 1)).ShouldBe(whole);
    }

    [Theory]
    [InlineData("data: a\n\ndata: cut", SseStatus.Truncated)]
    [InlineData("data: a\n\ndata: cut\n", SseStatus.Truncated)]
    [InlineData("data: a\n\ndata: cut\r", SseStatus.Truncated)]
    [InlineData("data: a\n\nda", SseStatus.Truncated)]
    [InlineData("data: a\r\n\r", SseStatus.End)]
    [InlineData("data: a\n\n: only a comment", SseStatus.End)]
    [InlineData("data: a\n\n", SseStatus.End)]
    [InlineData("", SseStatus.End)]
    public void An_event_without_its_blank_line_is_reported_and_nothing_else_is(string stream, SseStatus end)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        ReadInPieces(bytes, [bytes.Length]).End.ShouldBe(end);
    }

    [Fact]
    public void What_there_is_of_a_truncated_event_can_be_read()
    {
        var scanner = default(SseScanner);
        scanner.Finish("event: e\ndata: cut"u8, out SseEvent found).ShouldBe(SseStatus.Truncated);
        Encoding.UTF8.GetString(found.Data("event: e\ndata: cut"u8)).ShouldBe("cut");
        Encoding.UTF8.GetString(found.Name("event: e\ndata: cut"u8)).ShouldBe("e");
    }

    [Fact]
    public void Data_in_several_lines_must_be_copied()
    {
        byte[] stream = "data: a\r\nid: 1\r\ndata: b\r\n\r\n"u8.ToArray();
        var scanner = default(SseScanner);
        scanner.Read(stream, out SseEvent found).ShouldBe(SseStatus.Event);
        found.IsSplit.ShouldBeTrue();
        found.DataLength.ShouldBe(3);
        Should.Throw<InvalidOperationException>(() => found.Data(stream).Length);
        Should.Throw<ArgumentException>(() => found.CopyData(stream, new byte[2]));
        var data = new byte[3];
        found.CopyData(stream, data);
        data.ShouldBe("a\nb"u8.ToArray());
    }

    [Theory]
    [InlineData(10, "data: ab\n\n", SseStatus.Event)]
    [InlineData(9, "data: ab\n\n", SseStatus.TooLong)]
    [InlineData(9, "data: abcd", SseStatus.TooLong)]
    [InlineData(10, "data: abcd", SseStatus.NeedMore)]
    [InlineData(9, "data: a\n\ndata: much too long", SseStatus.Event)]
    public void An_event_has_a_bound(int limit, string stream, SseStatus status)
    {
        var scanner = new SseScanner(limit);
        scanner.Read(Encoding.UTF8.GetBytes(stream), out _).ShouldBe(status);
    }

    [Fact]
    public void The_bound_is_the_same_however_the_stream_is_cut()
    {
        byte[] stream = "data: abc\r\n\r\ndata: abcdefgh\r\n\r\n"u8.ToArray();
        for (var limit = 1; limit < 24; limit++)
        {
            Reading whole = ReadInPieces(stream, [stream.Length], limit);
            for (var cut = 0; cut <= stream.Length; cut++)
            {
                ReadInPieces(stream, [cut, stream.Length], limit).ShouldBe(whole);
            }
        }
    }

    [Fact]
    public void Without_an_end_in_sight_four_mebibytes_are_enough()
    {
        var scanner = default(SseScanner);
        var buffer = new byte[SseScanner.DefaultMaxEventBytes + 1];
        scanner.Read(buffer.AsSpan(1), out _).ShouldBe(SseStatus.NeedMore);
        scanner.Read(buffer, out _).ShouldBe(SseStatus.TooLong);
    }

    [Fact]
    public void A_buffer_that_shrinks_is_a_mistake_of_the_caller()
    {
        var scanner = default(SseScanner);
        scanner.Read("data: a"u8, out _).ShouldBe(SseStatus.NeedMore);
        Should.Throw<ArgumentException>(() => scanner.Read("data"u8, out _));
        Should.Throw<ArgumentOutOfRangeException>(() => new SseScanner(0));
    }

    [Fact]
    public void Any_mixture_of_lines_reads_as_the_standard_says()
    {
        var json = new RandomJson(seed: 4);
        for (var i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder(json.Chance(0.1) ? "\uFEFF" : "");
            for (int lines = json.Random.Next(12); lines > 0; lines--)
            {
                text.Append(json.OneOf("data:", "data: ", "data", ":", "event: ", "id:", "", "", "datax:", " "))
                    .Append(json.OneOf("", "", "x", " y", "雲", ":", "data:"))
                    .Append(json.OneOf("\n", "\r", "\r\n", "\n\n", "\r\n\r\n"));
            }

            byte[] stream = Encoding.UTF8.GetBytes(text.ToString());
            List<int> cuts = [.. Enumerable.Range(0, 3).Select(_ => json.Random.Next(stream.Length + 1)).Order(), stream.Length];
            Reading reading = ReadInPieces(stream, cuts);
            reading.Events.ShouldBe(Oracle(text.ToString()), text.ToString());
        }
    }

    sealed record Reading(List<string> Events, List<int> Lengths, SseStatus End)
    {
        public bool Equals(Reading? other) => other is not null && End == other.End
            && Events.SequenceEqual(other.Events) && Lengths.SequenceEqual(other.Lengths);

        public override int GetHashCode() => Lengths.Count;
    }

    /// <summary>Feeds the stream up to each cut in turn, as a gateway would, and takes the events as they come.</summary>
    static Reading ReadInPieces(byte[] stream, IEnumerable<int> cuts, int limit = SseScanner.DefaultMaxEventBytes)
    {
        var scanner = new SseScanner(limit);
        var reading = new Reading([], [], default);
        var start = 0;
        SseEvent found;
        SseStatus status;
        foreach (int cut in cuts)
        {
            while ((status = scanner.Read(stream.AsSpan(start..cut), out found)) == SseStatus.Event)
            {
                Take(reading, stream.AsSpan(start), found);
                start += found.Length;
            }

            if (status == SseStatus.TooLong)
            {
                return reading with { End = status };
            }
        }

        while ((status = scanner.Finish(stream.AsSpan(start), out found)) == SseStatus.Event)
        {
            Take(reading, stream.AsSpan(start), found);
            start += found.Length;
        }

        return reading with { End = status };
    }

    static void Take(Reading reading, ReadOnlySpan<byte> buffer, SseEvent found)
    {
        reading.Lengths.Add(found.Length);
        if (found.HasData)
        {
            var data = new byte[found.DataLength];
            found.CopyData(buffer, data);
            reading.Events.Add($"{Encoding.UTF8.GetString(found.Name(buffer))}|{Encoding.UTF8.GetString(data)}");
        }
    }

    /// <summary>The algorithm of the HTML standard, written for plainness: one line at a time over the whole text.</summary>
    static List<string> Oracle(string stream)
    {
        var events = new List<string>();
        string text = stream.StartsWith('\uFEFF') ? stream[1..] : stream;
        string[] lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        List<string> data = [];
        var name = "";
        foreach (string line in lines[..^1])
        {
            if (line.Length == 0)
            {
                if (data.Count > 0)
                {
                    events.Add($"{name}|{string.Join('\n', data)}");
                }

                data = [];
                name = "";
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string field = colon < 0 ? line : line[..colon];
            string value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            if (field == "data")
            {
                data.Add(value);
            }
            else if (field == "event")
            {
                name = value;
            }
        }

        return events;
    }
}
