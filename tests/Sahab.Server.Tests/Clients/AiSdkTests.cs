namespace Sahab.Server.Tests.Clients;

/// <summary>Vercel's AI SDK with its provider for such services, npm <c>@ai-sdk/openai-compatible</c>.</summary>
public sealed class AiSdkTests(AiSdkTests.Script script)
    : ClientScriptTests(script, "ai"), IClassFixture<AiSdkTests.Script>
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
    public override void The_client_works_unmodified(string name) => AssertPassed(name);
}
