using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Bills;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Metering;
using Spectre.Console;

namespace Sahab.Server.Tests.Bills;

/// <summary>What <c>sahab bill</c> says of usage that a real server holds.</summary>
public sealed class BillCommandTests : IAsyncLifetime, IDisposable
{
    readonly TemporaryFolder _folder = new();
    RoomHost _host = null!;

    string Url => _host.Url;

    public async Task InitializeAsync()
    {
        var configuration = new ConfigurationState(
            new SahabConfig
            {
                Providers = [],
                Models = [],
                Deployments =
                [
                    new DeploymentConfig
                    {
                        Id = "deployment-0", Provider = "azure", Region = "region-0", Model = "gpt-large",
                        UpstreamModel = "gpt-large-2026", Price = new PriceConfig { Prompt = 2.5m, Output = 10 },
                    },
                ],
                Tenants = [],
                Contracts =
                [
                    new ContractConfig
                    {
                        Id = "msa", Provider = "azure",
                        Versions =
                        [
                            new ContractVersionConfig
                            {
                                Number = "1", ValidFrom = "2026-01-01", KnownFrom = "2026-01-01", Document = "msa.pdf",
                                Opening = new OpeningConfig
                                {
                                    BooksFrom = "2026-02-01",
                                    Commitments =
                                    [
                                        new OpeningCommitmentConfig { Id = "spend", Window = "2026-01-01", Drawn = 1000 },
                                    ],
                                },
                                Commitments =
                                [
                                    new CommitmentConfig
                                    {
                                        Id = "spend", Page = 3,
                                        Windows = [new WindowConfig { Id = "w", From = "2026-01-01", Until = "2027-01-01", Amount = 1000 }],
                                    },
                                ],
                            },
                        ],
                    },
                ],
            },
            "test", "0", [], TimeProvider.System);
        _host = await RoomHost.StartAsync(
            _folder.Path, TimeProvider.System, configuration, services => services.AddCommitments().AddBills(),
            api => api.MapBills());
        await _host.Get<Journal>().AppendAsync(
            SampleUsage.Many(60).Concat(Enumerable.Range(60, 60).Select(SampleUsage.MakeWithCacheWrites)).ToArray());
        await _host.Get<UsageLoop>().DrainAsync(CancellationToken.None);
        await _host.Get<SettlementLoop>().SettleAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_exported_keeps_every_rule_and_adds_up_to_the_ledger()
    {
        var bill = await ExportAsync();
        using var text = new StringReader(bill);
        var table = FocusCsv.Read(text);
        var expected = SampleUsage.Many(60).Concat(Enumerable.Range(60, 60).Select(SampleUsage.MakeWithCacheWrites));

        Enumerable.Range(0, table.Count).Sum(row => table.Number(row, "BilledCost"))
            .ShouldBe(expected.Sum(usage => usage.Cost().ToUsd()));
        Enumerable.Range(0, table.Count).Select(row => table.Text(row, "SkuId")).ShouldContain("gpt-large-2026");
        var (code, output) = await RunAsync("check", Save(bill));
        code.ShouldBe(0, output);
        output.ShouldContain(" 0 failed");
    }

    [Theory]
    [InlineData("1.3", "FOCUS 1.3 ContractCommitment: ")]
    [InlineData("1.4", "FOCUS 1.4 ContractCommitment: ")]
    [InlineData(null, "FOCUS 1.4 ContractCommitment: ")]
    public async Task What_we_have_committed_to_is_exported_in_the_version_that_is_asked_for(string? version, string recognised)
    {
        string[] asked = version is null ? [] : ["--focus-version", version];
        var (code, commitments) = await RunAsync(
            ["export", "--dataset", "contract-commitment", "--provider", "azure", .. asked, .. Server()]);

        code.ShouldBe(0, commitments);
        commitments.ShouldContain("msa/spend/2026-01-01T00Z");
        commitments.Contains("Exhausted", StringComparison.Ordinal).ShouldBe(version != "1.3", "what was drawn before our books counts");
        var (checkedCode, output) = await RunAsync("check", Save(commitments));
        checkedCode.ShouldBe(0, output);
        output.ShouldContain(recognised);
    }

    [Theory]
    [InlineData("There are: cost-and-usage 1.2, contract-commitment 1.3, contract-commitment 1.4", "--dataset", "contract-commitment", "--focus-version", "1.2")]
    [InlineData("Commitments are told as they stand now", "--dataset", "contract-commitment", "--month", "2026-03")]
    [InlineData("--month says of which month", "--provider", "azure")]
    public async Task A_data_set_that_there_is_not_is_refused_with_those_that_there_are(string explanation, params string[] asked)
    {
        var (code, output) = await RunAsync(["export", .. asked, .. Server()]);

        code.ShouldBe(1);
        output.ShouldContain(explanation);
    }

    [Fact]
    public async Task A_rule_that_is_broken_is_named_with_its_row()
    {
        var bill = (await ExportAsync()).Replace(",USD,", ",Dollars,", StringComparison.Ordinal);

        var (code, output) = await RunAsync("check", Save(bill), "--skipped");

        code.ShouldBe(2);
        output.ShouldContain("failed   BillingCurrency/format: BillingCurrency looks like a currency. (row 1, 2, 3, 4, 5 and");
        output.ShouldContain("skipped  CommitmentDiscountId/type: there is no column CommitmentDiscountId");
    }

    [Fact]
    public async Task A_bill_that_says_what_we_say_has_no_differences()
    {
        var (code, output) = await RunAsync(
            ["reconcile", Save(await ExportAsync("google")), "--month", "2026-03", "--provider", "google", .. Server()]);

        code.ShouldBe(0, output);
        output.ShouldContain("0 differences");
    }

    [Fact]
    public async Task A_bill_without_an_hour_is_said_to_lack_it()
    {
        var lines = (await ExportAsync("google")).Split('\n');
        var bill = string.Join('\n', lines.Where(line => !line.Contains("2026-03-01T12:00:00Z", StringComparison.Ordinal)));

        var (code, output) = await RunAsync(
            ["reconcile", Save(bill), "--month", "2026-03", "--provider", "google", .. Server()]);

        code.ShouldBe(2, output);
        output.ShouldContain("the hour is missing");
        output.ShouldContain("2026-03-01 12:00");
        output.ShouldNotContain("2026-03-01 13:00");
    }

    [Theory]
    [InlineData("a,b\n1,2,3\n", "Line 2: Row 1 has 3 values, and there are 2 columns.")]
    [InlineData("a,a\n1,2\n", "The column a is there twice.")]
    [InlineData("", "its first line must name the columns")]
    public async Task A_file_that_is_no_data_set_is_said_to_be_none(string content, string explanation)
    {
        var (code, output) = await RunAsync("check", Save(content));

        code.ShouldBe(1, output);
        output.ShouldContain(explanation);
    }

    [Theory]
    [InlineData("November", "it must be a month, such as 2026-11")]
    [InlineData("2026-13", "it must be a month, such as 2026-11")]
    public async Task A_month_that_is_none_is_refused(string month, string explanation)
    {
        var (code, output) = await RunAsync(["export", "--month", month, .. Server()]);

        code.ShouldBe(1);
        output.ShouldContain(explanation);
    }

    async Task<string> ExportAsync(string? provider = null)
    {
        string[] only = provider is null ? [] : ["--provider", provider];
        var (code, output) = await RunAsync(["export", "--month", "2026-03", .. only, .. Server()]);
        code.ShouldBe(0, output);
        return output;
    }

    string[] Server() => ["--url", Url];

    string Save(string content)
    {
        var path = _folder.File("bill.csv");
        File.WriteAllText(path, content);
        return path;
    }

    static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 240;
        var code = await BillCommand.Create(console, _ => "sk-admin").Parse(arguments).InvokeAsync();
        return (code, output.ToString());
    }
}
