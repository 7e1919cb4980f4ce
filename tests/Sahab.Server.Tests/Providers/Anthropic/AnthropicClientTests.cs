using Sahab.Server.Tests.Clients;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers.Anthropic;

/// <summary>
/// The official Anthropic client for JavaScript, npm <c>@anthropic-ai/sdk</c>, against Sahab: each case over Anthropic's
/// own cloud and over clouds that speak OpenAI's protocol.
/// </summary>
public sealed class AnthropicClientTests(AnthropicClientTests.Script script) : IClassFixture<AnthropicClientTests.Script>
{
    /// <summary>The cases of <c>tests/clients/anthropic.mjs</c>.</summary>
    public sealed class Script : IAsyncLifetime
    {
        TestHouse? _house;

        internal Dictionary<string, ClientCase> Cases { get; private set; } = [];

        internal string Output { get; private set; } = "";

        internal Books Books { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            _house = await AnthropicHouse.StartAsync();
            (Cases, Output) = await ClientScript.RunAsync(
                "anthropic.mjs", ("ANTHROPIC_TARGET", "sahab"), ("ANTHROPIC_KEY", TestHouse.DemoKey),
                ("ANTHROPIC_URL", _house.Address.ToString().TrimEnd('/')));
            Books = await Books.CloseAsync(_house);
        }

        public async Task DisposeAsync() => await _house!.DisposeAsync();
    }

    static readonly string[] Common = [
        "error_401", "key_in_either_header", "error_404", "models_list", "models_paged", "models_retrieve", "models_refused",
    ];

    static readonly string[] Each =
    [
        "text", "stream", "final_message", "limit", "stop_sequence", "system_and_turns", "image", "unicode", "json_schema",
        "cache", "count_tokens", "tools", "tools_streamed", "tools_one_at_a_time", "tool_choice", "tools_loop",
        "tools_loop_streamed", "tool_without_arguments", "thinking", "thinking_streamed", "thinking_before_tools",
        "thinking_off", "thinking_redacted", "refusal", "error_400", "error_429", "error_529", "retry",
        "stream_with_an_error_inside", "stream_cut", "abort_in_the_middle",
    ];

    static IEnumerable<string> All =>
        [.. Common, .. Each.SelectMany(name => (string[])[$"claude_{name}", $"open_{name}"])];

    public static TheoryData<string> Names => [.. All];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_client_works_unmodified(string name)
    {
        script.Cases.ShouldContainKey(name, script.Output);
        script.Cases[name].Ok.ShouldBeTrue($"{script.Cases[name].Error}\n{script.Output}");
    }

    [Fact]
    public void No_case_of_the_script_is_left_out_here() =>
        script.Cases.Keys.ShouldBe(All, ignoreOrder: true);

    [Fact]
    public void Every_token_that_the_clouds_bill_is_in_the_ledger()
    {
        script.Books.Lines.Count.ShouldBeGreaterThan(50);
        script.Books.ShouldAgree();
    }

    [Fact]
    public void Each_attempt_is_recorded_under_the_id_by_which_the_cloud_bills_it()
    {
        var lines = script.Books.Lines.Where(line => line.Account.Cloud == "anthropic")
            .ToDictionary(line => line.RequestId);
        var events = script.Books.Events.Where(usage => usage.Provider == "anthropic" && usage.UpstreamStatus == 200);
        foreach (var usage in events)
        {
            var line = lines[usage.UpstreamRequestId.ShouldNotBeNull()];
            Tokens.Of(usage).ShouldBe(Tokens.Of(line.Billed), line.ToString());
        }
    }
}
