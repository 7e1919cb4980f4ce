using System.Text.RegularExpressions;
using Sahab.Routing.Requests;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Import;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Import;

public sealed class LiteLlmImportTests
{
    static string Sample => Repository.PathOf("samples/litellm/config.yaml");

    [Fact]
    public void The_sample_becomes_a_configuration_that_is_valid_once_its_blanks_are_filled_in()
    {
        var config = ReadFilled(Import(File.ReadAllText(Sample)).Yaml);

        config.Providers.Select(provider => (provider.Id, provider.Dialect)).ShouldBe(
        [
            ("azure", Dialect.Azure), ("openai", Dialect.OpenAi), ("bedrock", Dialect.Bedrock),
            ("anthropic", Dialect.Anthropic), ("vertex", Dialect.Vertex), ("vllm", Dialect.OpenAi),
        ], ignoreOrder: true);
        config.Models.Select(model => model.Id).ShouldBe(["gpt-4o", "claude-sonnet", "gemini-flash", "embed"]);
        config.FindModel("gpt-4")!.Id.ShouldBe("gpt-4o");
        config.Routing.Policy.ShouldBe(PolicyName.LowestLatency);
        (config.Routing.MaxAttempts, config.Routing.Breaker.Failures).ShouldBe((3, 4));
        config.Server.CallDeadline.ShouldBe(TimeSpan.FromMinutes(10));
        config.Models.Single(model => model.Id == "embed").Operations.ShouldBe([Operation.Embeddings]);
        config.Tenants.Single().Keys.Single().Admin.ShouldBeTrue();
    }

    [Fact]
    public void Limits_prices_and_places_are_carried_over_exactly()
    {
        var config = ReadFilled(Import(File.ReadAllText(Sample)).Yaml);

        var azure = config.Deployments.Single(deployment => deployment.Id == "gpt-4o-azure-eu");
        (azure.Limits.RequestsPerMinute, azure.Limits.TokensPerMinute, azure.Weight).ShouldBe((6000, 900_000, 3));
        (azure.Price.Prompt, azure.Price.Output, azure.UpstreamModel).ShouldBe((2.5m, 10m, "gpt-4o-eu"));
        config.FindRegion(azure)!.BaseUrl.ShouldBe("https://contoso-eu.openai.azure.com/openai");
        config.FindProvider("azure")!.Azure!.ApiVersion.ShouldBe("2024-10-21");
        config.FindProvider("azure")!.Timeouts.FirstByte.ShouldBe(TimeSpan.FromSeconds(90));
        var bedrock = config.Deployments.Single(deployment => deployment.Provider == "bedrock");
        bedrock.UpstreamModel.ShouldBe("eu.anthropic.claude-sonnet-4-20250514-v1:0");
        config.FindRegion(bedrock)!.ShouldBe(new RegionConfig
        {
            Id = "eu-central-1",
            Country = "DE",
            BaseUrl = "https://bedrock-runtime.eu-central-1.amazonaws.com",
        });
        var vertex = config.Deployments.Single(deployment => deployment.Provider == "vertex");
        config.FindRegion(vertex)!.Country.ShouldBe("NL");
        config.FindModel("gpt-4o")!.ContextTokens.ShouldBe(128_000);
    }

    [Fact]
    public void A_secret_in_the_file_is_neither_written_nor_told()
    {
        var (yaml, notes) = Import(File.ReadAllText(Sample));

        yaml.ShouldNotContain("sk-made-up");
        notes.ShouldAllBe(note => !note.Text.Contains("sk-made-up", StringComparison.Ordinal));
        notes.ShouldContain(note =>
            note.Verdict == ImportVerdict.Manual && note.Key == "model_list[1].litellm_params.api_key");
    }

    [Fact]
    public void Every_setting_of_the_file_is_told_of_at_its_line()
    {
        var text = File.ReadAllText(Sample);
        var (_, notes) = Import(text);

        string[] told =
        [
            "temperature", "fallbacks", "redis_host", "drop_params", "success_callback", "database_url", "order", "rpm",
            "num_retries", "cooldown_time", "routing_strategy", "master_key",
        ];
        var lines = text.Split('\n');
        foreach (var key in told)
        {
            var note = notes.ShouldHaveSingleNote(key);
            lines[note.Line - 1].ShouldContain($"{key}:");
        }

        notes.ShouldHaveSingleNote("fallbacks").Verdict.ShouldBe(ImportVerdict.Manual);
        notes.ShouldHaveSingleNote("temperature").Verdict.ShouldBe(ImportVerdict.Unsupported);
        notes.ShouldHaveSingleNote("rpm").Verdict.ShouldBe(ImportVerdict.Exact);
        notes.ShouldContain(note => note.Verdict == ImportVerdict.Unsupported && note.Text.Contains("a pattern is none"));
        notes.ShouldContain(note => note.Verdict == ImportVerdict.Unsupported && note.Key.EndsWith("model_info.mode"));
    }

    [Fact]
    public void The_command_writes_a_new_file_and_never_over_one()
    {
        using var folder = new TemporaryFolder();
        var target = folder.PathOf("sahab.yaml");

        var (code, output) = Run(Sample, "--output", target);
        code.ShouldBe(0);
        output.ShouldContain("config.yaml:34: exact: ");
        output.ShouldMatch(@"\d+ exact, \d+ approximate, \d+ manual, \d+ unsupported");
        File.ReadAllText(target).ShouldStartWith("# Carried over from config.yaml");

        File.WriteAllText(target, "mine");
        Run(Sample, "--output", target).Code.ShouldBe(1);
        File.ReadAllText(target).ShouldBe("mine");
    }

    [Theory]
    [InlineData("model_list: [")]
    [InlineData("- a list")]
    [InlineData("")]
    public void What_is_no_configuration_is_refused_with_its_place(string text)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.yaml", text);

        var (code, output) = Run(folder.PathOf("config.yaml"));

        code.ShouldBe(1);
        output.ShouldMatch(@"config\.yaml:\d+:\d+: error: ");
    }

    [Theory]
    [InlineData("model_list: 7")]
    [InlineData("model_list: [7, null, {}, {model_name: x}, {model_name: x, litellm_params: 3}]")]
    [InlineData("{ model_list: [{model_name: x, litellm_params: {model: azure/x, rpm: many, tpm: -3}}] }")]
    [InlineData("{ router_settings: [], litellm_settings: null, general_settings: x, extra: { a: 1 } }")]
    public void Odd_files_are_told_of_and_never_stop_it(string text) =>
        Import(text).Yaml.ShouldContain("providers:");

    static (string Yaml, IReadOnlyList<ImportNote> Notes) Import(string text)
    {
        var (config, notes) = LiteLlmImport.Read(text, new ProblemList("config.yaml")).ShouldNotBeNull();
        return (ImportWriter.Write(config, "config.yaml"), notes);
    }

    static SahabConfig ReadFilled(string yaml)
    {
        using var folder = new TemporaryFolder();
        folder.Write("sahab.yaml", yaml);
        var blank = new ConfigReader(_ => null, lookUpSecrets: false).Read(folder.PathOf("sahab.yaml"));
        blank.Errors.ShouldNotBeEmpty();
        blank.Errors.ShouldAllBe(problem => problem.Key.EndsWith(".country"));
        folder.Write("sahab.yaml", Regex.Replace(yaml, "FILL-IN", "US"));
        var filled = new ConfigReader(_ => null, lookUpSecrets: false).Read(folder.PathOf("sahab.yaml"));
        filled.Errors.ShouldBeEmpty();
        return filled.Config.ShouldNotBeNull();
    }

    static (int Code, string Output) Run(params string[] arguments)
    {
        var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        var command = ImportCommand.Create(console);
        var code = command.Parse(["litellm", .. arguments]).Invoke(new() { Output = writer, Error = writer });
        return (code, writer.ToString());
    }
}

/// <summary>Finds notes by the last part of their key.</summary>
static class ImportNotes
{
    public static ImportNote ShouldHaveSingleNote(this IReadOnlyList<ImportNote> notes, string key) =>
        notes.Where(note => note.Key.EndsWith($".{key}", StringComparison.Ordinal)).ShouldHaveSingleItem();
}
