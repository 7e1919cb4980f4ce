namespace Sahab.Server.Tests.Clients;

/// <summary>Vercel's AI SDK with its provider for such services, npm <c>@ai-sdk/openai-compatible</c>.</summary>
public sealed class AiSdkTests(AiSdkTests.Script script) : IClassFixture<AiSdkTests.Script>
{
    /// <summary>The cases of <c>tests/clients/ai-sdk.mjs</c>.</summary>
    public sealed class Script() : ClientScriptFixture("ai-sdk.mjs");

    [Theory]
    [InlineData("chat")]
    [InlineData("stream")]
    [InlineData("stream_without_usage")]
    [InlineData("image")]
    [InlineData("tools")]
    [InlineData("tools_streamed")]
    [InlineData("json_schema")]
    [InlineData("json_schema_streamed")]
    [InlineData("completions")]
    [InlineData("embeddings")]
    [InlineData("unicode")]
    [InlineData("unknown_fields")]
    [InlineData("fifty_at_once")]
    [InlineData("errors")]
    [InlineData("errors_to_retry")]
    [InlineData("retry_when_a_cloud_comes_back")]
    [InlineData("stream_cut")]
    [InlineData("stream_stalled")]
    [InlineData("stream_with_an_error_inside")]
    [InlineData("cancel_in_the_middle")]
    [InlineData("cancel_before_the_first_token")]
    public void The_client_works_unmodified(string name) => script.Passed(name);

    [Fact]
    public void No_case_of_the_script_is_left_out_here() => script.Names.ShouldBe(
        typeof(AiSdkTests).GetMethod(nameof(The_client_works_unmodified))!
            .GetCustomAttributes(typeof(InlineDataAttribute), inherit: false).Cast<InlineDataAttribute>()
            .Select(attribute => (string)attribute.GetData(null!).Single()[0]),
        ignoreOrder: true);

    [Fact]
    public void What_the_client_sends_reaches_the_cloud_byte_for_byte() => script.AssertPassedThrough("unknown_fields");

    [Fact]
    public void Every_token_that_the_clouds_bill_is_in_the_ledger() =>
        script.Ledger.OrderBy(row => row.Key).ShouldBe(script.Billed.OrderBy(row => row.Key));

    [Theory]
    [InlineData("left-ai")]
    [InlineData("late-ai")]
    public void A_call_whose_client_left_is_billed_and_in_the_ledger(string model)
    {
        script.Billed.ShouldContainKey(model);
        script.Billed[model].Output.ShouldBeGreaterThan(0);
        script.Ledger[model].ShouldBe(script.Billed[model]);
    }
}
