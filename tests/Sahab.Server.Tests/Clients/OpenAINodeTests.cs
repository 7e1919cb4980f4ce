namespace Sahab.Server.Tests.Clients;

/// <summary>The official OpenAI client for JavaScript, npm <c>openai</c>.</summary>
public sealed class OpenAINodeTests(OpenAINodeTests.Script script) : IClassFixture<OpenAINodeTests.Script>
{
    /// <summary>The cases of <c>tests/clients/openai.mjs</c>.</summary>
    public sealed class Script() : ClientScriptFixture("openai.mjs");

    [Theory]
    [InlineData("chat")]
    [InlineData("chat_headers")]
    [InlineData("stream")]
    [InlineData("stream_usage")]
    [InlineData("stream_usage_declined")]
    [InlineData("stream_helper")]
    [InlineData("choices")]
    [InlineData("logprobs")]
    [InlineData("image")]
    [InlineData("json_schema")]
    [InlineData("json_schema_parsed")]
    [InlineData("json_schema_streamed")]
    [InlineData("json_object")]
    [InlineData("service_tier")]
    [InlineData("unicode")]
    [InlineData("unicode_streamed")]
    [InlineData("slow_reader")]
    [InlineData("unknown_fields")]
    [InlineData("tools")]
    [InlineData("tools_streamed")]
    [InlineData("tools_one_at_a_time")]
    [InlineData("tool_choice")]
    [InlineData("run_tools")]
    [InlineData("run_tools_streamed")]
    [InlineData("responses")]
    [InlineData("responses_streamed")]
    [InlineData("responses_stream_helper")]
    [InlineData("responses_tools")]
    [InlineData("responses_tools_streamed")]
    [InlineData("responses_tools_without_a_store")]
    [InlineData("responses_tool_choice")]
    [InlineData("responses_json_schema")]
    [InlineData("responses_kept")]
    [InlineData("responses_where_the_data_may_go")]
    [InlineData("responses_count")]
    [InlineData("responses_refused")]
    [InlineData("responses_stream_cut")]
    [InlineData("completions")]
    [InlineData("completions_of_several_prompts")]
    [InlineData("completions_streamed")]
    [InlineData("embeddings")]
    [InlineData("embeddings_of_a_cloud_that_knows_only_floats")]
    [InlineData("embeddings_dimensions")]
    [InlineData("models")]
    [InlineData("model")]
    [InlineData("model_names_as_asked")]
    [InlineData("error_400")]
    [InlineData("error_400_of_the_cloud")]
    [InlineData("error_400_streamed")]
    [InlineData("error_400_context")]
    [InlineData("error_401")]
    [InlineData("error_401_without_key")]
    [InlineData("error_403_country")]
    [InlineData("error_404")]
    [InlineData("error_404_model_of_others")]
    [InlineData("error_413")]
    [InlineData("error_429_key")]
    [InlineData("error_429_capacity")]
    [InlineData("error_503")]
    [InlineData("retry_when_a_limit_frees")]
    [InlineData("retry_when_a_cloud_comes_back")]
    [InlineData("no_retry_when_none_is_wanted")]
    [InlineData("no_retry_of_what_cannot_succeed")]
    [InlineData("stream_cut")]
    [InlineData("stream_stalled")]
    [InlineData("stream_with_an_error_inside")]
    [InlineData("stream_cut_in_the_helper")]
    [InlineData("cancel_in_the_middle")]
    [InlineData("cancel_by_leaving_the_loop")]
    [InlineData("cancel_before_the_first_token")]
    [InlineData("fifty_at_once")]
    public void The_client_works_unmodified(string name) => script.Passed(name);

    [Fact]
    public void No_case_of_the_script_is_left_out_here() => script.Names.ShouldBe(
        typeof(OpenAINodeTests).GetMethod(nameof(The_client_works_unmodified))!
            .GetCustomAttributes(typeof(InlineDataAttribute), inherit: false).Cast<InlineDataAttribute>()
            .Select(attribute => (string)attribute.GetData(null!).Single()[0]),
        ignoreOrder: true);

    [Fact]
    public void What_the_client_sends_reaches_the_cloud_byte_for_byte() => script.AssertPassedThrough("unknown_fields");

    [Fact]
    public void Every_token_that_the_clouds_bill_is_in_the_ledger() =>
        script.Ledger.OrderBy(row => row.Key).ShouldBe(script.Billed.OrderBy(row => row.Key));

    [Theory]
    [InlineData("left-node")]
    [InlineData("late-node")]
    public void A_call_whose_client_left_is_billed_and_in_the_ledger(string model)
    {
        script.Billed.ShouldContainKey(model);
        script.Billed[model].Output.ShouldBeGreaterThan(0);
        script.Ledger[model].ShouldBe(script.Billed[model]);
    }
}
