using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Tests.Clients;

namespace Sahab.Emulator.Tests.Anthropic;

/// <summary>The official Anthropic client for JavaScript, npm <c>@anthropic-ai/sdk</c>, against the emulated cloud.</summary>
public sealed class AnthropicClientTests(AnthropicClientTests.Script script) : IClassFixture<AnthropicClientTests.Script>
{
    /// <summary>The cases of <c>tests/clients/anthropic.mjs</c>.</summary>
    public sealed class Script : IAsyncLifetime
    {
        EmulatorHost? _host;

        internal Dictionary<string, NodeCase> Cases { get; private set; } = [];

        internal string Output { get; private set; } = "";

        public async Task InitializeAsync()
        {
            _host = await EmulatorHost.StartAsync(Config());
            foreach (var fault in Faults)
            {
                await _host.AddFaultAsync(fault);
            }
            (Cases, Output) = await NodeScript.RunAsync(
                "anthropic.mjs", ("ANTHROPIC_TARGET", "cloud"), ("ANTHROPIC_KEY", "secret"),
                ("ANTHROPIC_URL", _host.CloudAddress("anthropic").ToString().TrimEnd('/')));
        }

        public async Task DisposeAsync() => await _host!.DisposeAsync();

        static IEnumerable<FaultSpec> Faults =>
        [
            new() { Cloud = "anthropic", Model = "claude-cut", Kind = FaultKind.Cut, AfterTokens = 3 },
            new() { Cloud = "anthropic", Model = "claude-inside", Kind = FaultKind.ErrorIn200, AfterTokens = 3 },
            new() { Cloud = "anthropic", Model = "claude-dead", Kind = FaultKind.Error, Status = 529 },
            new() { Cloud = "anthropic", Model = "claude-throttled", Kind = FaultKind.Throttle },
        ];

        static EmulatorConfig Config()
        {
            string[] models =
                ["claude-fast", "claude-thinker", "claude-cut", "claude-inside", "claude-dead", "claude-throttled", "claude-slow"];
            var instant = new ProfileConfig
            {
                FirstTokenMs = 0, PromptTokensPerSecond = 1e9, TokensPerSecond = 1e5, Sigma = 0, MeanOutputTokens = 60,
            };
            return new EmulatorConfig
            {
                Seed = 1,
                Models = models.ToDictionary(model => model, model => new ModelConfig
                {
                    ContextTokens = 32_768,
                    Profile = model == "claude-slow" ? instant with { TokensPerSecond = 50 } : instant,
                }),
                Clouds = new()
                {
                    ["anthropic"] = new CloudConfig
                    {
                        Style = CloudStyle.Anthropic,
                        Keys = new() { ["demo"] = "secret" },
                        Regions = new() { ["us"] = new RegionConfig { Country = "US" } },
                        Models = models.ToDictionary(model => model, _ => new CloudModelConfig()),
                    },
                },
            };
        }
    }

    [Theory]
    [InlineData("claude_text")]
    [InlineData("claude_stream")]
    [InlineData("claude_final_message")]
    [InlineData("claude_limit")]
    [InlineData("claude_stop_sequence")]
    [InlineData("claude_system_and_turns")]
    [InlineData("claude_image")]
    [InlineData("claude_unicode")]
    [InlineData("claude_json_schema")]
    [InlineData("claude_cache")]
    [InlineData("claude_count_tokens")]
    [InlineData("claude_tools")]
    [InlineData("claude_tools_streamed")]
    [InlineData("claude_tools_one_at_a_time")]
    [InlineData("claude_tool_choice")]
    [InlineData("claude_tools_loop")]
    [InlineData("claude_tools_loop_streamed")]
    [InlineData("claude_tool_without_arguments")]
    [InlineData("claude_thinking")]
    [InlineData("claude_thinking_streamed")]
    [InlineData("claude_thinking_before_tools")]
    [InlineData("claude_thinking_off")]
    [InlineData("claude_thinking_redacted")]
    [InlineData("claude_refusal")]
    [InlineData("error_401")]
    [InlineData("key_in_either_header")]
    [InlineData("error_404")]
    [InlineData("claude_error_400")]
    [InlineData("claude_error_429")]
    [InlineData("claude_error_529")]
    [InlineData("claude_retry")]
    [InlineData("claude_stream_with_an_error_inside")]
    [InlineData("claude_stream_cut")]
    [InlineData("claude_abort_in_the_middle")]
    public void The_client_works_unmodified(string name)
    {
        script.Cases.ShouldContainKey(name, script.Output);
        script.Cases[name].Ok.ShouldBeTrue($"{script.Cases[name].Error}\n{script.Output}");
    }

    [Fact]
    public void No_case_of_the_script_is_left_out_here() => script.Cases.Keys.ShouldBe(
        typeof(AnthropicClientTests).GetMethod(nameof(The_client_works_unmodified))!
            .GetCustomAttributes(typeof(InlineDataAttribute), inherit: false).Cast<InlineDataAttribute>()
            .Select(attribute => (string)attribute.GetData(null!).Single()[0]),
        ignoreOrder: true);
}
