using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Commitments;

/// <summary>How commitments stand and what an amendment would book, by the API and the command line.</summary>
public sealed class CommitmentApiTests : IAsyncLifetime, IDisposable
{
    const string Contracts = """

        contracts:
          msa:
            provider: azure
            versions:
              "1":
                valid_from: 2026-03-01
                known_from: 2026-03-01
                document: agreement.pdf
                rates:
                  inference: { page: 5, discount: 0.1 }
                commitments:
                  spend:
                    page: 4
                    windows:
                      first: { from: 2026-03-01, until: 2026-03-05, amount: 100 }
                      second: { from: 2026-03-05, until: 2026-04-01, amount: 200 }
        """;

    const string Amendment = """

              "2":
                valid_from: 2026-03-01
                known_from: 2026-03-10
                document: amendment.pdf
                rates:
                  inference: { page: 1, discount: 0.6 }
        """;

    readonly Metering.TemporaryFolder _folder = new();
    RoomHost _host = null!;

    public async Task InitializeAsync()
    {
        var time = new SetTime(Terms.At("2026-03-10"));
        _host = await RoomHost.StartAsync(
            _folder.Path, time, ConfigText.Read(ConfigText.Small + Contracts),
            services => services.AddCommitments(), api => api.MapContracts().MapCommitments());

        // One dollar each at list price.
        var events = Enumerable.Range(0, 30).Select(number => SampleUsage.Make(number) with
        {
            Provider = "azure",
            Usage = new Sahab.Ledger.Rating.TokenUsage(1_000_000, 0, 0, 0),
            Prices = Sahab.Ledger.Rating.PriceTerms.FromUsdPerMillion(1, 1, 1),
        });
        await _host.Get<Journal>().AppendAsync(events.ToArray());
        await _host.Get<UsageLoop>().DrainAsync(CancellationToken.None);
        await _host.Get<SettlementLoop>().SettleAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/api/commitments")]
    [InlineData("/api/contracts/msa/standings")]
    public async Task The_windows_stand_as_settled(string path)
    {
        var answer = JsonNode.Parse(await _host.Client.GetStringAsync(new Uri(path, UriKind.Relative)))!;

        answer["settled_until"]!.ToString().ShouldBe("2026-03-09T23:00:00Z");
        var first = answer["data"]!.AsArray()[0]!;
        first["commitment"]!.ToString().ShouldBe("spend");
        first["target"]!.GetValue<decimal>().ShouldBe(100);
        first["drawn"]!.GetValue<decimal>().ShouldBe(27);
        first["remaining"]!.GetValue<decimal>().ShouldBe(73);
        first["owed"]!.GetValue<decimal>().ShouldBe(73);
        answer["data"]!.AsArray()[1]!["owed"].ShouldBeNull();
    }

    [Fact]
    public async Task A_contract_that_is_not_there_is_not_found()
    {
        using var response = await _host.Client.GetAsync(new Uri("/api/contracts/other/standings", UriKind.Relative));

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync()).ShouldContain("There are: msa.");
    }

    [Theory]
    [InlineData("shortfall", "73.00")]
    [InlineData("shortfall msa", "Settled until 2026-03-09T23:00:00Z")]
    [InlineData("shortfall --json", "\"carried\":0")]
    public async Task The_command_line_tells_what_is_missing(string command, string found)
    {
        var (code, output) = await RunAsync(command.Split(' '));

        code.ShouldBe(0, output);
        output.ShouldContain(found);
    }

    [Fact]
    public async Task An_amendment_is_told_with_what_it_would_book()
    {
        var (code, output) = await RunAsync("amend", Save(Contracts + Amendment));

        code.ShouldBe(0, output);
        output.ShouldContain("New: version 2 of contract msa, valid from 2026-03-01T00:00:00Z");
        output.ShouldContain("it reaches back before what is settled");
        output.ShouldContain("30 events would be priced by other terms.");
        // 30 dollars at 90 % are 27, at 40 % 12; what is drawn no longer is owed.
        output.ShouldMatch(@"commitment:drawn:msa:spend\s+│\s+-15\.000000000");
        output.ShouldMatch(@"cost:shortfall:msa:spend\s+│\s+15\.000000000");
        (await RunAsync("shortfall")).Output.ShouldContain("73.00", customMessage: "nothing was applied");
    }

    [Fact]
    public async Task What_changes_nothing_is_told()
    {
        var (code, output) = await RunAsync("amend", Save(Contracts));

        code.ShouldBe(0, output);
        output.ShouldContain("No version of a contract is new.");
        output.ShouldContain("Nothing that is booked would change.");
    }

    [Theory]
    [InlineData("discount: 0.1", "discount: 0.2", "Version 1 of contract msa was edited")]
    [InlineData("amount: 100", "amount: -1", "the configuration:47:")]
    public async Task What_rewrites_history_or_makes_no_sense_is_refused(string old, string replacement, string explanation)
    {
        var (code, output) = await RunAsync("amend", Save(Contracts.Replace(old, replacement, StringComparison.Ordinal)));

        code.ShouldBe(1, output);
        output.ShouldContain(explanation);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_told()
    {
        var (code, output) = await RunAsync("amend", _folder.File("none.yaml"));

        code.ShouldBe(1);
        output.ShouldContain("none.yaml cannot be read");
    }

    string Save(string contracts)
    {
        var path = _folder.File("proposed.yaml");
        File.WriteAllText(path, ConfigText.Small + contracts);
        return path;
    }

    async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 240;
        var code = await ContractCommand.Create(console, _ => "sk-admin")
            .Parse([.. arguments, "--url", _host.Url]).InvokeAsync();
        return (code, output.ToString());
    }
}
