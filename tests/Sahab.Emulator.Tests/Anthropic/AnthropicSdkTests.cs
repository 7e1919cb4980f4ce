using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Tests.Anthropic;

/// <summary>The official Anthropic client for JavaScript, npm <c>@anthropic-ai/sdk</c>, against the emulated cloud.</summary>
public class AnthropicSdkTests
{
    static readonly string[] Purposes = ["fast", "thinker", "cut", "inside", "dead", "throttled", "slow"];

    static readonly FaultSpec[] Faults =
    [
        new() { Cloud = "anthropic", Model = "claude-cut", Kind = FaultKind.Cut, AfterTokens = 3 },
        new() { Cloud = "anthropic", Model = "claude-inside", Kind = FaultKind.ErrorIn200, AfterTokens = 3 },
        new() { Cloud = "anthropic", Model = "claude-dead", Kind = FaultKind.Error, Status = 529 },
        new() { Cloud = "anthropic", Model = "claude-throttled", Kind = FaultKind.Throttle },
    ];

    [Fact]
    public async Task Anthropic_s_client_finds_what_it_knows()
    {
        await using var host = await EmulatorHost.StartAsync(Config());
        foreach (var fault in Faults)
        {
            await host.AddFaultAsync(fault);
        }
        await SdkScript.RunAsync(
            "anthropic.mjs",
            new Dictionary<string, string>
            {
                ["ANTHROPIC_TARGET"] = "cloud",
                ["ANTHROPIC_KEY"] = "secret",
                ["ANTHROPIC_URL"] = host.CloudAddress("anthropic").ToString().TrimEnd('/'),
            },
            "error_401", "key_in_either_header", "error_404", "claude_text", "claude_stream", "claude_final_message",
            "claude_limit", "claude_stop_sequence", "claude_system_and_turns", "claude_image", "claude_unicode",
            "claude_json_schema", "claude_cache", "claude_count_tokens", "claude_tools", "claude_tools_streamed",
            "claude_tools_one_at_a_time", "claude_tool_choice", "claude_tools_loop", "claude_tools_loop_streamed",
            "claude_tool_without_arguments", "claude_thinking", "claude_thinking_streamed",
            "claude_thinking_before_tools", "claude_thinking_off", "claude_thinking_redacted", "claude_refusal",
            "claude_error_400", "claude_error_429", "claude_error_529", "claude_retry",
            "claude_stream_with_an_error_inside", "claude_stream_cut", "claude_abort_in_the_middle");
    }

    static EmulatorConfig Config()
    {
        var instant = new ProfileConfig
        {
            FirstTokenMs = 0,
            PromptTokensPerSecond = 1e9,
            TokensPerSecond = 1e5,
            Sigma = 0,
            MeanOutputTokens = 60,
        };
        var models = Purposes.ToDictionary(purpose => $"claude-{purpose}", purpose => new ModelConfig
        {
            ContextTokens = 32_768,
            Profile = purpose == "slow" ? instant with { TokensPerSecond = 50 } : instant,
        });
        return new EmulatorConfig
        {
            Seed = 1,
            Models = models,
            Clouds = new()
            {
                ["anthropic"] = new CloudConfig
                {
                    Style = CloudStyle.Anthropic,
                    Keys = new() { ["demo"] = "secret" },
                    Regions = new() { ["us"] = new RegionConfig { Country = "US" } },
                    Models = models.Keys.ToDictionary(model => model, _ => new CloudModelConfig()),
                },
            },
        };
    }
}
