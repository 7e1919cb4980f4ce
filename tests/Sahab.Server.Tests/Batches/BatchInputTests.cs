using System.Text;
using Sahab.Server.Serve.Batches;

namespace Sahab.Server.Tests.Batches;

/// <summary>What is said of a batch's input, line by line.</summary>
public sealed class BatchInputTests
{
    const string Good = """{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""";

    [Theory]
    [InlineData("not json", "invalid_json_line", null)]
    [InlineData("[]", "invalid_json_line", null)]
    [InlineData("""{"method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""", "missing_required_parameter", "custom_id")]
    [InlineData("""{"custom_id":"b","url":"/v1/chat/completions","body":{"model":"m"}}""", "invalid_method", "method")]
    [InlineData("""{"custom_id":"b","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}""", "invalid_url", "url")]
    [InlineData("""{"custom_id":"b","method":"POST","url":"/v1/chat/completions"}""", "missing_required_parameter", "body")]
    [InlineData("""{"custom_id":"b","method":"POST","url":"/v1/chat/completions","body":{}}""", "missing_required_parameter", "body.model")]
    [InlineData("""{"custom_id":"b","method":"POST","url":"/v1/chat/completions","body":{"model":"m","stream":true}}""", "unsupported_parameter", "body.stream")]
    [InlineData(Good, "duplicate_custom_id", "custom_id")]
    public async Task A_fault_names_its_line(string line, string code, string? param)
    {
        var (lines, faults) = await CheckAsync($"{Good}\n\n{line}\n");
        lines.ShouldBe(2);
        var fault = faults.ShouldHaveSingleItem();
        (fault.Code, fault.Param, fault.Line).ShouldBe((code, param, 3));
    }

    [Fact]
    public async Task Lines_may_end_as_they_like_and_the_last_need_not_end()
    {
        var second = Good.Replace("\"a\"", "\"b\"", StringComparison.Ordinal);
        var (lines, faults) = await CheckAsync($"\ufeff{Good}\r\n  {second}");
        faults.ShouldBeEmpty();
        lines.ShouldBe(2);
    }

    [Fact]
    public async Task An_input_without_requests_is_a_fault() =>
        (await CheckAsync("\n\n")).Faults.ShouldHaveSingleItem().Code.ShouldBe("empty_file");

    [Fact]
    public async Task An_input_with_too_many_requests_is_a_fault()
    {
        var lines = Enumerable.Range(0, 12).Select(number => Good.Replace("\"a\"", $"\"{number}\"", StringComparison.Ordinal));
        (await CheckAsync(string.Join('\n', lines))).Faults.ShouldHaveSingleItem().Code.ShouldBe("too_many_requests");
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_a_fault_and_is_not_held_in_memory() =>
        (await CheckAsync(Good + "\n" + new string('x', 5000))).Faults.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(
                fault => fault.Code.ShouldBe("line_too_long"), fault => fault.Line.ShouldBe(2));

    [Fact]
    public async Task Faults_without_end_are_told_up_to_a_hundred() =>
        (await new BatchInput("/v1/embeddings", 1000).CheckAsync(
            new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("x\n", 500)))), 1000))
        .Faults.Count.ShouldBe(BatchInput.MaxFaults);

    static Task<(long Lines, List<BatchFault> Faults)> CheckAsync(string content) =>
        new BatchInput("/v1/chat/completions", 1000).CheckAsync(new MemoryStream(Encoding.UTF8.GetBytes(content)), 10);
}
