using System.Diagnostics;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Run;

namespace Sahab.Server.Tests.Readme;

/// <summary>Every command and program of README.md, run as it stands in a house that <c>./run</c> started.</summary>
[Collection("./run")]
public class ReadmeTests
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Every_block_does_what_it_promises()
    {
        var blocks = ReadmeBlocks.Read().Where(block => block.Role.Length == 0).ToList();
        blocks.Count.ShouldBeGreaterThanOrEqualTo(7);
        await using var demo = await RunningDemo.StartAsync();
        foreach (var block in blocks)
        {
            var (code, output) = await RunAsync(block, demo);

            code.ShouldBe(0, $"README.md:{block.Line}:\n{block.Text}\n{output}");
            output.ShouldNotBeNullOrWhiteSpace($"README.md:{block.Line} prints nothing");
            output.ShouldNotContain("\"error\":{", customMessage: $"README.md:{block.Line}");
        }
    }

    [Fact]
    public void Every_block_is_of_a_kind_that_is_run()
    {
        ReadmeBlocks.Read().ShouldAllBe(block =>
            block.Role.Length == 0
                ? block.Language == "sh" || block.Language == "js"
                : block.Language == "sh" && (block.Text == "./run\n" || block.Text == "./test\n"));
    }

    [Fact]
    public void No_program_stands_within_a_sentence_where_nothing_runs_it()
    {
        var names = ReadmeBlocks.ReadWithinSentences();

        names.ShouldContain("--port N");
        names.ShouldAllBe(name => !name.Any(letter => "(=;{".Contains(letter)));
    }

    [Fact]
    public void The_two_commands_stand_in_it()
    {
        var blocks = ReadmeBlocks.Read();
        blocks.Single(block => block.Role == "start").Text.ShouldBe("./run\n");
        blocks.Single(block => block.Role == "suite").Text.ShouldBe("./test\n");
    }

    static async Task<(int Code, string Output)> RunAsync(ReadmeBlock block, RunningDemo demo)
    {
        var clients = Repository.PathOf("tests/clients");
        var start = new ProcessStartInfo(block.Language == "js" ? "node" : "bash")
        {
            // Node looks for packages from where it is started.
            WorkingDirectory = block.Language == "js" ? clients : Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments = block.Language == "js" ? ["--input-type=module", "-e"] : ["-euo", "pipefail", "-c"];
        foreach (var argument in (string[])[.. arguments, Adapt(block.Text, demo)])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>The same commands at the addresses and the data folder of this house.</summary>
    static string Adapt(string text, RunningDemo demo)
    {
        var address = demo.Address.GetLeftPart(UriPartial.Authority);
        foreach (var command in (string[])["usage", "explain", "replay", "contract show", "bill export", "key add", "budget set", "invoice draft"])
        {
            text = text.Replace($"./sahab {command}", $"./sahab {command} --url {address}", StringComparison.Ordinal);
        }

        return text
            .Replace("127.0.0.1:8080", address["http://".Length..], StringComparison.Ordinal)
            .Replace("127.0.0.1:8090", demo.Clouds.Authority, StringComparison.Ordinal)
            .Replace("data/admin-key", $"'{demo.Data}/admin-key'", StringComparison.Ordinal);
    }
}
