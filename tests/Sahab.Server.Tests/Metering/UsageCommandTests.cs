using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Spectre.Console;

namespace Sahab.Server.Tests.Metering;

public sealed class UsageCommandTests : IAsyncLifetime, IDisposable
{
    const string KeyVariable = "SAHAB_TEST_USAGE_ADMIN_KEY";

    readonly TemporaryFolder _folder = new();
    UsageHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await UsageHost.StartAsync(_folder.Path, events: 60);
        Environment.SetEnvironmentVariable(KeyVariable, UsageHost.AdminKey);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_running_server_is_asked_and_its_answer_is_a_table()
    {
        var (code, output) = await RunAsync("--url", _host.Url, "--admin-key-env", KeyVariable, "--by", "provider");
        code.ShouldBe(0, output);
        foreach (var provider in (string[])["azure", "google", "coreweave", "own"])
        {
            output.ShouldContain(provider);
        }

        output.ShouldContain("cost USD");
    }

    [Fact]
    public async Task A_data_folder_is_read_without_a_server_and_says_the_same()
    {
        var (code, fromFolder) = await RunAsync("--data", _folder.Path, "--by", "key", "--json");
        code.ShouldBe(0, fromFolder);
        var (_, fromServer) = await RunAsync(
            "--url", _host.Url, "--admin-key-env", KeyVariable, "--by", "key", "--json");
        fromFolder.ShouldBe(fromServer);
        JsonNode.Parse(fromFolder)!["data"]!.AsArray().Count.ShouldBe(5);
    }

    [Fact]
    public async Task Csv_is_printed_as_it_is()
    {
        var (code, output) = await RunAsync(
            "--url", _host.Url, "--admin-key-env", KeyVariable, "--csv", "--service-tier", "flex", "--by", "model");
        code.ShouldBe(0, output);
        output.Split('\n')[0].Trim().ShouldBe("model,calls,attempts,failed,estimated,prompt_tokens,cached_tokens,"
            + "cache_write_tokens,cache_write_1h_tokens,output_tokens,reasoning_tokens,cost_usd");
    }

    [Fact]
    public async Task A_data_folder_of_another_version_is_said_to_be_one()
    {
        using var folder = new TemporaryFolder();
        await using (var older = new SqliteDatabase(folder.File(MeteringModule.StoreFileName)))
        {
            await new Migrator(older, TimeProvider.System).RunAsync([Migration.All[0]], CancellationToken.None);
        }

        var (code, output) = await RunAsync("--data", folder.Path);
        code.ShouldBe(1, output);
        output.ShouldContain("another version of Sahab");
    }

    [Theory]
    [InlineData("--admin-key-env", "SAHAB_TEST_NO_SUCH_VARIABLE", "holds no admin key")]
    [InlineData("--url", "nowhere", "is not the address of a server")]
    [InlineData("--url", "http://127.0.0.1:1", "No answer from")]
    [InlineData("--by", "planet", "it must be one or several of")]
    [InlineData("--data", "/no/such/folder", "There is no store at")]
    public async Task A_mistake_ends_with_an_explanation(string option, string value, string explanation)
    {
        string[] arguments = ["--url", _host.Url, "--admin-key-env", KeyVariable];
        var index = Array.IndexOf(arguments, option);
        if (index >= 0)
        {
            arguments[index + 1] = value;
        }
        else
        {
            arguments = [.. arguments, option, value];
        }

        var (code, output) = await RunAsync(arguments);
        code.ShouldBe(1);
        output.ShouldContain(explanation);
    }

    [Fact]
    public async Task A_key_that_is_not_an_administrators_is_reported_in_the_servers_words()
    {
        Environment.SetEnvironmentVariable(KeyVariable + "_OTHER", "sk-other");
        var (code, output) = await RunAsync("--url", _host.Url, "--admin-key-env", KeyVariable + "_OTHER");
        code.ShouldBe(1);
        output.ShouldContain("401");
        output.ShouldContain("not an admin key");
    }

    static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 400;
        var code = await UsageCommand.Create(console).Parse(arguments).InvokeAsync();
        return (code, writer.ToString());
    }
}
