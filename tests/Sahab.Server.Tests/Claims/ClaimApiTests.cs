using System.Net;
using System.Text.Json.Nodes;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Bills;
using Sahab.Server.Source.Claims;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Claims;

/// <summary>
/// Claims by the API and the command line, of usage that a real server holds: in December 2025 azure failed 20 of 2,000
/// attempts in eastus. The day is the first of January 2026.
/// </summary>
public sealed class ClaimApiTests : IAsyncLifetime, IDisposable
{
    const string Agreement = """

        contracts:
          msa:
            provider: azure
            versions:
              "1":
                valid_from: 2025-01-01
                known_from: 2025-01-01
                document: agreement.pdf
                service_levels:
                  uptime:
                    page: 18
                    per: region
                    steps:
                      three-nines: { below: 0.999, credit: 0.1 }
                      two-nines: { below: 0.99, credit: 0.25 }
                    claim_within_days: 30
        """;

    static readonly DateTimeOffset December = new(2025, 12, 1, 0, 0, 0, TimeSpan.Zero);

    readonly Metering.TemporaryFolder _folder = new();
    readonly HandTime _time = new();
    RoomHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await RoomHost.StartAsync(
            _folder.Path, _time,
            new ConfigReader(ConfigText.Environment, time: _time).ReadText(ConfigText.Small + Agreement, "sahab.yaml"),
            services => services.AddCommitments().AddBills().AddClaims(), api => api.MapClaims().MapBills());
        await _host.Get<UsageStore>().PostAsync(
            SampleUsage.Id(9, 1), 1, [.. Enumerable.Range(0, 2_000).Select(Attempt)], CancellationToken.None);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_contract_owes_for_a_month_is_worked_out_and_claimed_once()
    {
        var owed = (await GetAsync("owed"))["data"]!.AsArray().ShouldHaveSingleItem()!;

        (owed["scope"]!.ToString(), owed["attempts"]!.GetValue<int>(), owed["failed"]!.GetValue<int>())
            .ShouldBe(("eastus", 2_000, 20));
        // 1,980 answers of 1,000 tokens in and 100 out, of which a tenth is owed: 99 % is not below 99 %.
        owed["charges_usd"]!.GetValue<decimal>().ShouldBe(1_980 * ((1_000 * 0.15m) + (100 * 0.6m)) / 1_000_000);
        owed["credit_usd"]!.GetValue<decimal>().ShouldBe(0.04158m);
        (owed["claim_before"]!.ToString(), owed["claim"]).ShouldBe(("2026-01-31T00:00:00+00:00", null));

        var claim = await PostAsync("", Level("first"));
        (claim["stage"]!.ToString(), claim["provider"]!.ToString(), claim["claimed_usd"]!.GetValue<decimal>())
            .ShouldBe(("raised", "azure", 0.04158m));
        (await RefusedAsync("", Level("second"))).ShouldContain("The claim 'first' is about service-level/msa/uptime/2025-12/eastus already");
        (await GetAsync("owed"))["data"]![0]!["claim"]!.ToString().ShouldBe("first");
    }

    [Fact]
    public async Task A_deadline_that_has_passed_is_passed_for_raising_and_for_sending()
    {
        await PostAsync("", Level("first"));
        _time.Pass(TimeSpan.FromDays(30));

        (await RefusedAsync("first/send", """{"note": "case"}""")).ShouldContain("It had to be sent before 2026-01-31");
        await PostAsync("first/close", """{"note": "too late"}""");
        (await RefusedAsync("", Level("second"))).ShouldContain("It had to be claimed before 2026-01-31");
        (await GetAsync("owed?month=2025-12"))["data"]![0]!["too_late"]!.GetValue<bool>().ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_is_owed_by_another_clause_or_for_a_month_that_is_not_over()
    {
        (await RefusedAsync("", Level("x").Replace("eastus", "westus", StringComparison.Ordinal)))
            .ShouldContain("Nothing is owed by that clause for that month and scope. Owed: service-level/msa/uptime/2025-12/eastus.");
        (await RefusedAsync("", Level("x").Replace("2025-12", "2026-01", StringComparison.Ordinal))).ShouldContain("2026-01 is not over");
        (await GetAsync("owed?month=2026-01", HttpStatusCode.BadRequest))["detail"]!.ToString().ShouldContain("is not over");
        (await GetAsync("owed?month=2025-11"))["data"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_claim_of_a_bill_lives_from_what_reconcile_found_to_an_overdue_credit_and_to_the_credit()
    {
        var bill = Tampered((await RunAsync(BillCommand.Create, "export", "--month", "2025-12", "--provider", "azure")).Output);

        (await RunAsync(ClaimCommand.Create, "raise", "dec", "--provider", "azure", "--month", "2025-12", "--bill", bill)).Code.ShouldBe(0);
        var raised = await GetAsync("dec");
        raised["items"]!.AsArray().ShouldHaveSingleItem()!["text"]!.ToString().ShouldContain("Output tokens: another price");
        var again = await RunAsync(ClaimCommand.Create, "raise", "again", "--provider", "azure", "--month", "2025-12", "--bill", bill);
        (again.Code, again.Output).ShouldBe((1, again.Output));
        again.Output.ShouldContain("The claim 'dec' is about difference/azure/2025-12-01T00Z/eastus/gpt-oss-120b/Output already");

        (await RunAsync(ClaimCommand.Create, "send", "dec", "--note", "case 4711")).Output.ShouldContain("sent");
        (await RunAsync(ClaimCommand.Create, "answer", "dec", "--granted-usd", "0.5", "--note", "their mail")).Output
            .ShouldContain("partly-accepted");
        _time.Pass(TimeSpan.FromDays(45));
        (await RunAsync(ClaimCommand.Create, "list", "--month", "2025-12")).Output.ShouldContain("partly-accepted, overdue");
        (await RunAsync(ClaimCommand.Create, "credit", "dec", "--usd", "0.5", "--note", "bill of January")).Output.ShouldContain("credited");
        var (code, output) = await RunAsync(ClaimCommand.Create, "close", "dec", "--note", "done");
        (code, output.Trim()).ShouldBe((1, output.Trim()));
        output.ShouldContain("It is credited already.");
        (await GetAsync("dec"))["history"]!.AsArray().Select(each => each!["step"]!.ToString())
            .ShouldBe(["raised", "sent", "answered", "credited"]);
    }

    [Fact]
    public async Task A_bill_that_asks_for_nothing_too_much_raises_no_claim()
    {
        var export = (await RunAsync(BillCommand.Create, "export", "--month", "2025-12", "--provider", "azure")).Output;

        var (code, output) = await RunAsync(
            ClaimCommand.Create, "raise", "dec", "--provider", "azure", "--month", "2025-12", "--bill", Save(export));

        code.ShouldBe(1);
        output.ShouldContain("there is nothing to claim");
        (await RunAsync(ClaimCommand.Create, "list")).Output.ShouldContain("There is no claim.");
    }

    [Fact]
    public async Task By_hand_the_same_is_claimed_once_too()
    {
        (await RunAsync(ClaimCommand.Create, "raise", "a", "--provider", "azure", "--month", "2025-12", "--about", "support", "--usd", "3"))
            .Output.ShouldContain("raised");
        (await RunAsync(ClaimCommand.Create, "raise", "b", "--provider", "azure", "--month", "2025-12", "--about", "support", "--usd", "4"))
            .Output.ShouldContain("The claim 'a' is about by-hand/azure/2025-12/support already");
        await PostAsync("a/close", """{"note": "was ordered"}""");
        (await RunAsync(ClaimCommand.Create, "raise", "b", "--provider", "azure", "--month", "2025-12", "--about", "support", "--usd", "4"))
            .Code.ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"id": "a b", "kind": "billing-difference", "month": "2025-12"}""", "The id must be")]
    [InlineData("""{"id": "owed", "kind": "billing-difference", "month": "2025-12"}""", "and not 'owed'")]
    [InlineData("""{"id": "a", "kind": "billing-difference", "month": "December"}""", "it must be one such as 2026-11")]
    [InlineData("""{"id": "a", "kind": "billing-difference", "month": "2025-12", "provider": "nobody"}""", "There is no provider 'nobody'")]
    [InlineData("""{"id": "a", "kind": "billing-difference", "month": "2025-12", "provider": "azure"}""", "Say what is claimed")]
    [InlineData("""{"id": "a", "kind": "billing-difference", "month": "2025-12", "provider": "azure", "about": "x"}""", "has both: about and usd")]
    [InlineData("""{"id": "a", "kind": "billing-difference", "month": "2025-12", "provider": "azure", "about": "x", "usd": 0}""", "is above 0")]
    [InlineData("""{"id": "a", "kind": "service-level", "month": "2025-12"}""", "names the contract and the clause")]
    [InlineData("""{"id": "a", "kind": "service-level", "month": "2025-12", "contract": "c", "clause": "d", "usd": 1}""", "is worked out")]
    [InlineData("""{"id": "a", "kind": "gift", "month": "2025-12"}""", "cannot be read")]
    [InlineData("""{"id": "a", "colour": 1}""", "colour")]
    public async Task A_claim_that_makes_no_sense_is_refused_with_its_reason(string body, string explanation)
    {
        var error = await PostAsync("", body, HttpStatusCode.BadRequest);

        error["detail"]!.ToString().ShouldContain(explanation);
    }

    [Theory]
    [InlineData("send", "{}", "Say in 'note'")]
    [InlineData("send", """{"note": "n", "usd": 1}""", "A credit has 'usd'")]
    [InlineData("answer", """{"note": "n"}""", "An answer has 'granted_usd'")]
    [InlineData("credit", """{"note": "n", "granted_usd": 1, "usd": 1}""", "An answer has 'granted_usd'")]
    public async Task A_step_that_makes_no_sense_is_refused_with_its_reason(string step, string body, string explanation)
    {
        await PostAsync("", Level("first"));

        (await PostAsync("first/" + step, body, HttpStatusCode.BadRequest))["detail"]!.ToString().ShouldContain(explanation);
        (await PostAsync("nothing/close", """{"note": "n"}""", HttpStatusCode.NotFound))["detail"]!.ToString()
            .ShouldContain("There is no claim 'nothing'");
    }

    static UsageEvent Attempt(int number) => SampleUsage.Make(number) with
    {
        EventId = SampleUsage.Id(4, number),
        StartedAt = December.AddSeconds(number),
        Provider = "azure",
        Region = "eastus",
        Country = "US",
        Deployment = "azure-eastus",
        Model = "gpt-oss-120b",
        Outcome = number % 100 == 0 ? AttemptOutcome.ServerError : AttemptOutcome.Succeeded,
        Usage = number % 100 == 0 ? default : new TokenUsage(1_000, 0, 100, 0),
        Prices = PriceTerms.FromUsdPerMillion(0.15m, 0.075m, 0.6m),
        Flags = UsageFlags.None,
    };

    static string Level(string id) => $$"""
        {"id": "{{id}}", "kind": "service-level", "month": "2025-12", "contract": "msa", "clause": "uptime", "scope": "eastus"}
        """;

    /// <summary>A dollar too much for the first row of output tokens.</summary>
    string Tampered(string bill)
    {
        var table = FocusCsv.Read(new StringReader(bill));
        var changed = new Sahab.Ledger.Focus.FocusTable(table.Columns);
        var done = false;
        for (var row = 0; row < table.Count; row++)
        {
            var values = table.Rows[row].ToList();
            if (!done && table.Text(row, "SkuMeter") == "Output tokens")
            {
                done = true;
                values[table.Columns.ToList().IndexOf("BilledCost")] =
                    (table.Number(row, "BilledCost")!.Value + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            changed.Add(values);
        }

        var text = new StringWriter();
        FocusCsv.Write(changed, text);
        return Save(text.ToString());
    }

    string Save(string content)
    {
        var path = _folder.File("bill.csv");
        File.WriteAllText(path, content);
        return path;
    }

    async Task<(int Code, string Output)> RunAsync(
        Func<IAnsiConsole, Func<string, string?>, System.CommandLine.Command> command, params string[] arguments)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 300;
        var code = await command(console, _ => "sk-admin").Parse([.. arguments, "--url", _host.Url]).InvokeAsync();
        return (code, output.ToString());
    }

    async Task<JsonNode> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await _host.Client.GetAsync(new Uri($"/api/claims/{path}", UriKind.Relative));
        var answer = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(expected, answer);
        return JsonNode.Parse(answer)!;
    }

    async Task<string> RefusedAsync(string path, string body) =>
        (await PostAsync(path, body, HttpStatusCode.Conflict))["detail"]!.ToString();

    async Task<JsonNode> PostAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var content = new StringContent(body, null, "application/json");
        using var response = await _host.Client.PostAsync(
            new Uri(path.Length == 0 ? "/api/claims" : $"/api/claims/{path}", UriKind.Relative), content);
        var answer = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(expected, answer);
        return JsonNode.Parse(answer)!;
    }
}
