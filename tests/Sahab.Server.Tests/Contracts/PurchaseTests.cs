using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Source.Purchases;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Contracts;

/// <summary>A right of first refusal, and every way round it: the API, the command line, the file, a reload, the clock.</summary>
public sealed class PurchaseTests : IAsyncLifetime, IDisposable
{
    const string Right = """

        contracts:
          msa:
            provider: azure
            versions:
              "1":
                valid_from: 2025-01-01
                known_from: 2025-01-01
                document: agreement.pdf
                first_refusals:
                  asked-first: { page: 12, notice_days: 30, sign_within_days: 60, from_megawatts: 10 }
        """;

    /// <summary>The day is that of <see cref="HandTime"/> and half a year.</summary>
    const string LaterAmendment = """

              "2":
                valid_from: 2026-07-01
                known_from: 2026-01-01
                document: amendment.pdf
                drops: [asked-first]
        """;

    readonly Metering.TemporaryFolder _folder = new();
    readonly HandTime _time = new();
    RoomHost _host = null!;

    public async Task InitializeAsync() => await StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_not_offered_is_not_signed_and_the_refusal_says_why()
    {
        await DraftAsync();

        var error = await RefusedAsync("sign");

        error["detail"]!.ToString().ShouldContain("azure has the right of first refusal");
        error["detail"]!.ToString().ShouldContain("contract msa, clause asked-first: agreement.pdf, page 12");
        error["detail"]!.ToString().ShouldContain("it has 30 days to answer");
        (error["details"]!["contract"]!.ToString(), error["details"]!["clause"]!.ToString()).ShouldBe(("msa", "asked-first"));
    }

    [Fact]
    public async Task A_notice_window_is_waited_for_to_its_end()
    {
        await DraftAsync();
        (await StepAsync("offer"))["stage"]!.ToString().ShouldBe("offered");

        _time.Pass(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        (await RefusedAsync("sign"))["detail"]!.ToString().ShouldContain("azure may still answer until 2026-01-31T00:00Z");
        (await ShowAsync())["ending_soon"]!.AsArray().ShouldHaveSingleItem();
        _time.Pass(TimeSpan.FromSeconds(1));

        (await ShowAsync())["stage"]!.ToString().ShouldBe("lapsed");
        (await StepAsync("sign"))["stage"]!.ToString().ShouldBe("signed");
        (await StepAsync("deliver"))["stage"]!.ToString().ShouldBe("delivered");
    }

    [Fact]
    public async Task An_answer_is_on_record_and_decides()
    {
        await DraftAsync();
        await StepAsync("offer");

        var answered = await StepAsync("answer", new { contract = "msa", says = "declined", evidence = "letter of 2026-01-01" });

        answered["offers"]![0]!["evidence"]!.ToString().ShouldBe("letter of 2026-01-01");
        (await StepAsync("sign"))["stage"]!.ToString().ShouldBe("signed");
    }

    [Fact]
    public async Task What_the_holder_takes_is_bought_from_the_holder()
    {
        await DraftAsync();
        await StepAsync("offer");
        await StepAsync("answer", new { contract = "msa", says = "taken", evidence = "letter" });

        (await RefusedAsync("sign"))["detail"]!.ToString().ShouldContain("azure has taken it on the same terms");
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_ends_no_window()
    {
        await DraftAsync();
        await StepAsync("offer");

        _time.SetClock(TimeSpan.FromDays(31));

        (await RefusedAsync("sign"))["detail"]!.ToString().ShouldContain("azure may still answer");
    }

    [Fact]
    public async Task A_clock_that_is_set_back_neither_opens_a_window_again_nor_dates_a_step_before_another()
    {
        await DraftAsync();
        await StepAsync("offer");
        _time.Pass(TimeSpan.FromDays(31));
        (await StepAsync("offer", expected: HttpStatusCode.Conflict))["detail"].ShouldNotBeNull();
        var before = (await DraftAsync("other"))["changed_at"]!.GetValue<DateTimeOffset>();

        _time.SetClock(TimeSpan.FromDays(-300));
        var offered = await StepAsync("offer", id: "other");

        offered["offers"]![0]!["offered_at"]!.GetValue<DateTimeOffset>().ShouldBeGreaterThanOrEqualTo(before);
    }

    [Fact]
    public async Task A_restart_forgets_nothing()
    {
        await DraftAsync();
        await StepAsync("offer");

        await RestartAsync(Right);

        (await RefusedAsync("sign"))["detail"]!.ToString().ShouldContain("azure may still answer until 2026-01-31T00:00Z");
    }

    [Fact]
    public async Task A_file_without_the_right_does_not_come_into_force()
    {
        await DraftAsync();

        _host.Get<ConfigurationState>().TryApply(ConfigText.Read(ConfigText.Small)).ShouldBeFalse();
        await Should.ThrowAsync<ContractHistoryException>(RestartAsync(""));
        await Should.ThrowAsync<ContractHistoryException>(RestartAsync(Right.Replace("30", "1", StringComparison.Ordinal)));
        await RestartAsync(Right);

        (await RefusedAsync("sign"))["detail"]!.ToString().ShouldContain("right of first refusal");
    }

    [Fact]
    public async Task An_amendment_drops_the_right_from_its_date_on_and_not_before()
    {
        await DraftAsync();
        await RestartAsync(Right + LaterAmendment);

        var error = await RefusedAsync("sign");
        _time.Pass(TimeSpan.FromDays(181));

        error["detail"]!.ToString().ShouldContain("right of first refusal");
        (await StepAsync("sign"))["stage"]!.ToString().ShouldBe("signed");
    }

    [Fact]
    public async Task Freedom_that_was_not_used_in_time_ends_and_the_offer_is_made_anew()
    {
        await DraftAsync();
        await StepAsync("offer");
        _time.Pass(TimeSpan.FromDays(91));

        (await RefusedAsync("sign"))["detail"]!.ToString().ShouldContain("offer it to azure anew");
        (await StepAsync("offer"))["offers"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Small_purchases_and_those_from_the_holder_are_free()
    {
        await DraftAsync("small", megawatts: 9);
        await DraftAsync("same", seller: "azure");

        (await StepAsync("sign", id: "small"))["stage"]!.ToString().ShouldBe("signed");
        (await StepAsync("sign", id: "same"))["stage"]!.ToString().ShouldBe("signed");
    }

    [Fact]
    public async Task Of_many_who_sign_at_once_one_does()
    {
        await DraftAsync("small", megawatts: 9);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _host.Client.PostAsync("/api/purchases/small/sign", null)));

        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict).ShouldBe(7);
    }

    [Theory]
    [InlineData("""{"id": "a b", "seller": "own"}""", "The id must be lower-case letters")]
    [InlineData("""{"id": "x", "seller": "nobody", "site": "s", "country": "US", "megawatts": 1}""", "There is no provider 'nobody'")]
    [InlineData("""{"id": "x", "seller": "own", "site": "s", "country": "USA", "megawatts": 1}""", "two capital letters")]
    [InlineData("""{"id": "x", "seller": "own", "site": "s", "country": "US"}""", "Say what is bought")]
    [InlineData("""{"id": "x", "colour": 1}""", "colour")]
    [InlineData("not JSON", "cannot be read")]
    public async Task A_draft_that_makes_no_sense_is_refused_with_its_reason(string body, string explanation)
    {
        using var content = new StringContent(body, null, "application/json");
        using var response = await _host.Client.PostAsync("/api/purchases", content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["detail"]!.ToString()
            .ShouldContain(explanation);
    }

    [Fact]
    public async Task The_command_line_is_refused_as_everybody_is()
    {
        (await RunAsync("draft", "abilene", "--seller", "own", "--site", "abilene", "--country", "US", "--due", "2027-01-01",
            "--megawatts", "100")).ShouldBe((0, "draft"));
        (await RunAsync("sign", "abilene")).ShouldBe((1, "right of first refusal"));
        (await RunAsync("offer", "abilene")).ShouldBe((0, "offered"));
        (await RunAsync("answer", "abilene", "--contract", "msa", "--says", "declined", "--evidence", "letter")).ShouldBe((0, "answered"));
        (await RunAsync("sign", "abilene")).ShouldBe((0, "signed"));
        (await RunAsync("list")).ShouldBe((0, "abilene"));
        (await RunAsync("sign", "nothing")).ShouldBe((1, "There is no purchase 'nothing'"));
    }

    async Task<(int Code, string Found)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 300;
        var code = await PurchaseCommand.Create(console, _ => "sk-admin")
            .Parse([.. arguments, "--url", _host.Url]).InvokeAsync();
        string[] known = code == 0
            ? arguments[0] == "list" ? ["abilene"] : ["draft", "offered", "answered", "signed"]
            : ["right of first refusal", "There is no purchase 'nothing'"];
        var text = output.ToString();
        return (code, known.LastOrDefault(word => text.Contains(word, StringComparison.Ordinal)) ?? text);
    }

    async Task<JsonNode> DraftAsync(string id = "abilene", string seller = "own", decimal megawatts = 100)
    {
        using var response = await _host.Client.PostAsJsonAsync("/api/purchases", new
        {
            id,
            seller,
            site = "abilene",
            country = "US",
            megawatts,
            usd = 1_000_000,
            due_at = "2027-01-01T00:00:00Z",
        });
        var body = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, body);
        return JsonNode.Parse(body)!;
    }

    async Task<JsonNode> StepAsync(
        string step, object? body = null, string id = "abilene", HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var content = body is null ? null : JsonContent.Create(body);
        using var response = await _host.Client.PostAsync($"/api/purchases/{id}/{step}", content);
        var answer = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(expected, answer);
        return JsonNode.Parse(answer)!;
    }

    Task<JsonNode> RefusedAsync(string step) => StepAsync(step, expected: HttpStatusCode.Conflict);

    async Task<JsonNode> ShowAsync() => JsonNode.Parse(await _host.Client.GetStringAsync("/api/purchases/abilene"))!;

    async Task RestartAsync(string contracts)
    {
        await DisposeAsync();
        await StartAsync(contracts);
    }

    async Task StartAsync(string contracts = Right)
    {
        _host = await RoomHost.StartAsync(
            _folder.Path, _time,
            new ConfigReader(ConfigText.Environment, time: _time).ReadText(ConfigText.Small + contracts, "sahab.yaml"),
            services => services.AddPurchases(), api => api.MapPurchases());
        var store = _host.Get<ContractStore>();
        var shelf = _host.Get<ContractShelf>();
        while ((await store.ReadAsync(CancellationToken.None)).Count < shelf.Book.Contracts.Sum(each => each.Versions.Count))
        {
            await Task.Yield();
        }
    }
}
