using System.IO.Compression;
using System.Text;
using Sahab.Planning.Traces;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Replay;

public class TraceReaderTests
{
    const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

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
    [InlineData("TIMESTAMP,ContextTokens\n", ":1: the header names no column GeneratedTokens.")]
    [InlineData(Header + "\nyesterday,3,4", ":2: 'yesterday' is not a time")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3,4\n2023-11-16 18:15:46,0,4", ":3: ContextTokens is '0'")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3,four", ":2: GeneratedTokens is 'four'")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3", ":2: 2 fields where the header promises more")]
    [InlineData(Header + "\n2023-11-16 18:15:46,3,4\n\n2023-11-16 18:15:45,3,4", ":4: the time 2023-11-16 18:15:45 is")]
    [InlineData("PAR1\u0001\u0002\n", ":1: the header names no column TIMESTAMP")]
    public void What_is_wrong_is_told_with_its_line(string text, string message)
    {
        Should.Throw<TraceException>(() => Read(text)).Message.ShouldContain(message);
    }

    [Fact]
    public void A_file_without_lines_does_not_fill_the_memory()
    {
        Should.Throw<TraceException>(() => Read(new string('x', 100_000))).Message.ShouldContain("4096 characters");
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        Should.Throw<TraceException>(() => TraceReader.Read("no-such-trace.csv").ToList())
            .Message.ShouldContain("no-such-trace.csv");
    }

    static List<TraceRequest> Read(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write("trace.csv", text);
        return [.. TraceReader.Read(folder.PathOf("trace.csv"))];
    }
}
