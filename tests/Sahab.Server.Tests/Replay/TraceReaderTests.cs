using System.IO.Compression;
using System.Text;
using Sahab.Planning.Traces;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Replay;

public class TraceReaderTests
{
    const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    const string Json =
        "{\"timestamp\": 27482, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, 47]}";

    [Fact]
    public void The_sample_trace_is_one_hour_of_19366_requests()
    {
        var summary = TraceReader.Measure(Repository.PathOf("samples/traces/conversation-2023.csv"), limit: null);

        summary.Requests.ShouldBe(19_366);
        summary.Length.ShouldBe(TimeSpan.Parse("00:58:21.7219370"));
        summary.ContextTokens.ShouldBe(22_361_870);
        summary.GeneratedTokens.ShouldBe(4_088_665);
    }

    [Fact]
    public void Times_count_from_the_first_request()
    {
        var requests = Read($"{Header}\r\n2023-11-16 18:15:46.5,374,44\r\n2023-11-16 18:15:47.75,1,9\r\n");

        requests.ShouldBe(
            [new TraceRequest(TimeSpan.Zero, 374, 44), new TraceRequest(TimeSpan.FromSeconds(1.25), 1, 9)]);
    }

    [Fact]
    public void Columns_are_found_by_name_and_the_last_line_needs_no_end()
    {
        var requests = Read(
            "model,\"GeneratedTokens\",timestamp,contexttokens\n\nx,5,2024-05-10 00:00:00.009930+00:00,\"7\"");

        requests.ShouldBe([new TraceRequest(TimeSpan.Zero, 7, 5)]);
    }

    [Fact]
    public void Gzip_is_known_by_what_the_file_holds()
    {
        using var folder = new TemporaryFolder();
        using (var gzip = new GZipStream(File.Create(folder.PathOf("trace")), CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes($"{Header}\n2023-11-16 18:15:46,3,4\n"));
        }

        TraceReader.Read(folder.PathOf("trace")).ShouldBe([new TraceRequest(TimeSpan.Zero, 3, 4)]);
    }

    [Fact]
    public void A_limit_reads_no_further()
    {
        using var folder = new TemporaryFolder();
        folder.Write("trace", $"{Header}\n2023-11-16 18:15:46,3,4\n2023-11-16 18:15:48,5,6\nbroken\n");

        TraceReader.Measure(folder.PathOf("trace"), limit: 1).ShouldBe(new TraceSummary(1, TimeSpan.Zero, 3, 4));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData(Header, "there are no requests")]
    [InlineData("TIMESTAMP,ContextTokens\n", ":1: the header names no column GeneratedTokens or output_tokens.")]
    [InlineData(Header + "\nyesterday,3,4", ":2: 'yesterday' is not a time")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3,4\n2023-11-16 18:15:46,0,4", ":3: ContextTokens is '0'")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3,four", ":2: GeneratedTokens is 'four'")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3", ":2: 2 fields where the header promises more")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3,4\n\n2023-11-16 18:15:45,3,4", ":4: the time is before that of the request above it")]
    [InlineData("PAR1\u0001\u0002\n", ":1: the header names no column TIMESTAMP")]
    [InlineData("{\"timestamp\": 0}", ":1: input_length is not there or is no number from 1")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 3, \"output_length\": 1.5}", ":1: output_length is not there")]
    [InlineData(Json + "\n{\"timestamp\": 5", ":2: this is no JSON")]
    [InlineData(Json + "\n\n[1]", ":3: timestamp is not there")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 3, \"output_length\": 4, \"hash_ids\": [1, \"a\"]}", ":1: hash_ids has 'a'")]
    [InlineData("timestamp,input_tokens,output_tokens\n12.5,3,4\n11,3,4", ":3: the time is before")]
    public void What_is_wrong_is_told_with_its_line(string text, string message)
    {
        Should.Throw<TraceException>(() => Read(text)).Message.ShouldContain(message);
    }

    [Fact]
    public void A_file_without_lines_does_not_fill_the_memory()
    {
        Should.Throw<TraceException>(() => Read(new string('x', 100_000))).Message.ShouldContain("65536 characters");
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        Should.Throw<TraceException>(() => TraceReader.Read("no-such-trace.csv").ToList())
            .Message.ShouldContain("no-such-trace.csv");
    }

    [Fact]
    public void What_servegen_generates_is_read_by_its_columns_and_seconds()
    {
        Read("request_id,timestamp,input_tokens,output_tokens\n0,0.25,10,20\n1,2.75,30,40\n")
            .ShouldBe([new TraceRequest(TimeSpan.Zero, 10, 20), new TraceRequest(TimeSpan.FromSeconds(2.5), 30, 40)]);
    }

    [Fact]
    public void Mooncakes_lines_of_json_tell_how_prompts_begin()
    {
        var requests = Read(Json + "\n{\"timestamp\": 27982.5, \"input_length\": 600, \"output_length\": 9}\n");

        requests.Select(each => (each.At.TotalMilliseconds, each.ContextTokens, each.GeneratedTokens))
            .ShouldBe([(0, 6955, 52), (500.5, 600, 9)]);
        requests[0].Blocks.ShouldBe([46L, 47]);
        requests[1].Blocks.ShouldBeNull();
    }

    [Fact]
    public void A_prompt_goes_on_from_an_earlier_one_when_more_than_its_first_block_is_the_same()
    {
        var trace = TraceSample.From(Read(string.Join('\n', ((int[][])
        [
            [0, 1, 2], [0, 9], [0, 1, 2, 3, 4], [5], [0, 1, 7], [0, 1, 2, 3, 8],
        ]).Select((blocks, index) =>
            $"{{\"timestamp\": {index}, \"input_length\": {(blocks.Length * 512) - 12}, \"output_length\": 1, "
            + $"\"hash_ids\": [{string.Join(',', blocks)}]}}"))));

        trace.HasPrefixes.ShouldBeTrue();
        Enumerable.Range(0, 6).Select(trace.ChainOf).ShouldBe([0, 1, 0, 3, 0, 0]);
        Enumerable.Range(0, 6).Select(trace.KnownOf).ShouldBe([0, 0, 1536, 0, 1024, 2048]);
        TraceSample.From(Read(Header + "\n2023-11-16 18:15:46,3,4")).HasPrefixes.ShouldBeFalse();
    }

    [Fact]
    public void A_curve_of_demand_is_filled_where_the_source_has_gaps_and_ends_where_it_ends()
    {
        using var folder = new TemporaryFolder();
        folder.Write("demand.csv", """
            window_s,big_rps,big_in_tps,big_out_tps,other_rps
            0,2,200,40,1
            600,0,0,0,1
            1200,4,1200,40,1
            1800,0,0,0,1
            """);

        var curve = DemandCurve.Load(folder.PathOf("demand.csv"), "big");

        curve.Window.ShouldBe(TimeSpan.FromMinutes(10));
        Enumerable.Range(0, 4).Select(window => Math.Round(curve.RateIn(window), 3)).ShouldBe([0.667, 1, 1.333, 0.667]);
        curve.TokensIn(1).ShouldBe((200, 15));
        DemandCurve.Load(folder.PathOf("demand.csv"), "other").TokensIn(0).ShouldBe((0, 0));
        Should.Throw<TraceException>(() => DemandCurve.Load(folder.PathOf("demand.csv"), "none"))
            .Message.ShouldContain("demand.csv:1: there is no model none; there are big, other");
        folder.Write("broken.csv", "window_s,big_rps\n0,1\n600,many\n");
        Should.Throw<TraceException>(() => DemandCurve.Load(folder.PathOf("broken.csv"), "big"))
            .Message.ShouldContain("broken.csv:3: field 2");
    }

    static List<TraceRequest> Read(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write("trace.csv", text);
        return [.. TraceReader.Read(folder.PathOf("trace.csv"))];
    }
}
