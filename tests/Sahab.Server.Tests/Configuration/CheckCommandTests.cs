using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Spectre.Console;

namespace Sahab.Server.Tests.Configuration;

public class CheckCommandTests
{
    [Fact]
    public void A_valid_file_exits_with_0_and_says_what_it_holds()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sahab.yaml", ConfigText.Small);

        var (code, output) = Check(folder.PathOf("sahab.yaml"));

        code.ShouldBe(CheckCommand.Fine);
        output.ShouldBe(
            $"{folder.PathOf("sahab.yaml")}: valid, 0 warnings: 2 providers, 1 model, 2 deployments, 1 tenant, 1 key\n");
    }

    [Fact]
    public void A_file_with_errors_exits_with_1_and_has_one_line_for_each_however_long()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sahab.yaml", ConfigText.With("prompt: 0.15", "prompt: -1")
            .Replace("concurrency: 8", "conc: 8", StringComparison.Ordinal));

        var (code, output) = Check(folder.PathOf("sahab.yaml"));

        code.ShouldBe(CheckCommand.HasErrors);
        var lines = output.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(4);
        lines[0].ShouldStartWith(
            $"{folder.PathOf("sahab.yaml")}:16:15: error: deployments.azure-eastus.limits.conc: no such key.");
        lines[1].ShouldContain(":17:22: error: deployments.azure-eastus.price.prompt: -1 is out of range.");
        lines[3].ShouldContain("3 errors; risks are looked for once there are none");
        lines.Max(line => line.Length).ShouldBeGreaterThan(120);
    }

    [Fact]
    public void Warnings_do_not_fail_the_check()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sahab.yaml", ConfigText.With("cached: 0.075", "cached: 0.3"));

        var (code, output) = Check(folder.PathOf("sahab.yaml"));

        code.ShouldBe(CheckCommand.Fine);
        output.ShouldContain(": warning: deployments.azure-eastus.price.cached: ");
        output.ShouldContain("valid, 1 warning:");
    }

    [Fact]
    public void Json_holds_the_same_for_programs()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sahab.yaml", ConfigText.With("prompt: 0.15", "prompt: -1"));

        var (code, output) = Check(folder.PathOf("sahab.yaml"), "--json");

        code.ShouldBe(CheckCommand.HasErrors);
        var json = JsonNode.Parse(output)!;
        json["valid"]!.GetValue<bool>().ShouldBeFalse();
        json["errors"]![0]!["line"]!.GetValue<int>().ShouldBe(17);
        json["errors"]![0]!["key"]!.GetValue<string>().ShouldBe("deployments.azure-eastus.price.prompt");
        json["warnings"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public void A_review_does_without_the_secrets()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sahab.yaml", ConfigText.With("AZURE_API_KEY", "NOT_HERE"));

        Check(folder.PathOf("sahab.yaml")).Code.ShouldBe(CheckCommand.HasErrors);
        Check(folder.PathOf("sahab.yaml"), "--without-secrets").Code.ShouldBe(CheckCommand.Fine);
    }

    [Fact]
    public void The_schema_command_prints_the_schema()
    {
        using var writer = new StringWriter();

        SchemaCommand.Create(ConsoleOver(writer)).Parse([]).Invoke().ShouldBe(0);

        writer.ToString().ShouldBe(ConfigSchema.Write());
    }

    static (int Code, string Output) Check(string file, params string[] options)
    {
        using var writer = new StringWriter();
        var command = CheckCommand.Create(ConsoleOver(writer), ConfigText.Environment);
        return (command.Parse([file, .. options]).Invoke(), writer.ToString());
    }

    static IAnsiConsole ConsoleOver(TextWriter writer) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
}
