namespace Sahab.Emulator.Tests.Bedrock;

/// <summary>The official client for Bedrock, unmodified, is the judge of the emulated one.</summary>
public class BedrockSdkTests
{
    [Fact]
    public async Task The_official_client_finds_what_it_knows()
    {
        await using var clouds = await BedrockCloud.StartAsync();
        await SdkScript.RunAsync(
            "bedrock.mjs",
            new Dictionary<string, string>
            {
                ["CLOUD_URL"] = clouds.CloudHttp2Address("aws")!.ToString().TrimEnd('/'),
                ["CLOUD_URL_HTTP1"] = clouds.CloudAddress("aws").ToString().TrimEnd('/'),
                ["SAHAB_CONTROL"] = clouds.ControlAddress.ToString(),
            },
            "converse", "stream", "stream_with_tools", "stream_with_reasoning", "tool_results", "image_and_schema",
            "prompt_cache", "embeddings", "count_tokens", "arn", "bearer", "temporary_keys", "wrong_secret",
            "unknown_key", "other_region", "clock_that_is_wrong", "unknown_model", "http1", "region_in_the_path",
            "throttled_once", "exception_in_the_stream", "stream_cut");
    }
}
