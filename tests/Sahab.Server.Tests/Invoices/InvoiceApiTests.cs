using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Contracts;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Invoices;

/// <summary>Invoices by the API and the command line, over the sample's prices.</summary>
public sealed class InvoiceApiTests : IAsyncLifetime, IDisposable
{
    readonly Metering.TemporaryFolder _folder = new();
    RoomHost _host = null!;

    public async Task InitializeAsync()
    {
        var time = new FixedTime("2026-12-02");
        _host = await RoomHost.StartAsync(
            _folder.Path, time,
            new ConfigReader(ConfigText.Environment, time: time).Read(Path.Combine(ConfigText.Root, "samples/six-clouds/sahab.yaml")),
            services => services.AddPrices().AddReceipts(_folder.Path).AddInvoices().AddAudit().AddSingleton<KeyStore>()
                .AddSingleton<CapacityStore>()
                .AddSingleton(new IdSource(time, 1)).AddSingleton<ICallerSource>(new Everybody())
                .AddSingleton<AccessJudge>(),
            api =>
            {
                var group = ((RouteGroupBuilder)api).AddEndpointFilter<RouteGroupBuilder, AccessFilter>();
                MarginApi.Map(group.MapInvoices().MapReceipts());
            });
        var services = _host.Get<IServiceProvider>();
        await PriceModule.PrepareAsync(services, CancellationToken.None);
        await ReceiptModule.PrepareAsync(services, CancellationToken.None);
        await _host.Get<UsageStore>().PostAsync(
            SampleUsage.Id(9, 1), 1,
            [.. Enumerable.Range(0, 50).Select(number => SampleUsage.Make(number) with
            {
                Tenant = "nordic", Key = "nordic", Model = number % 2 == 0 ? "gpt-oss-120b" : "llama-3.3-70b",
                Outcome = Ledger.Rating.AttemptOutcome.Succeeded, StartedAt = Sahab.Tests.Ledger.Sales.Prices.Day("2026-11-10").AddHours(number),
            })],
            CancellationToken.None);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_invoice_is_issued_once_and_comes_in_four_forms_that_say_the_same_total()
    {
        await PutAsync("/api/organisations/nordic/billing", """{"name":"Nordic","address":[null]}""", HttpStatusCode.BadRequest);
        await PutAsync("/api/organisations/nordic/billing", """{"name":"Nordic (bank) & <b>sons</b>","address":["Storgata 1"],"country":"NO"}""");
        (await PostAsync("/api/invoices/issue", """{"month":"2026-12","organisation":"nordic"}""", HttpStatusCode.Conflict))["detail"]!
            .ToString().ShouldContain("is not over");
        var issued = await PostAsync("/api/invoices/issue", """{"month":"2026-11"}""");
        issued["data"]!.AsArray().ShouldHaveSingleItem()!["number"]!.ToString().ShouldBe("INV-2026-000001");
        (await PostAsync("/api/invoices/issue", """{"month":"2026-11"}"""))["data"]![0]!["new"]!.GetValue<bool>().ShouldBeFalse();

        var path = "/api/organisations/nordic/invoices/INV-2026-000001";
        var invoice = JsonNode.Parse(await TextAsync(path))!;
        var total = invoice["totals"]!["total_usd"]!.ToString();
        invoice["lines"]!.AsArray().Sum(line => decimal.Parse(line!["amount_usd"]!.ToString(), null)).ShouldBe(decimal.Parse(total, null));
        (await TextAsync(path + ".csv")).Split("\r\n").Length.ShouldBe(invoice["lines"]!.AsArray().Count + 2);
        var html = await TextAsync(path + ".html");
        html.ShouldContain($"USD {total}");
        html.ShouldContain("Nordic (bank) &amp; &lt;b&gt;sons&lt;/b&gt;");
        var pdf = await _host.Client.GetByteArrayAsync(new Uri(path + ".pdf", UriKind.Relative));
        AssertPdf(pdf, $"USD {total}");
        (await TextAsync(path)).ShouldBe(await TextAsync(path));

        var listed = JsonNode.Parse(await TextAsync("/api/organisations/nordic/invoices"))!["data"]!.AsArray().ShouldHaveSingleItem()!;
        listed["status"]!.ToString().ShouldBe("open");
        (await TextAsync("/api/invoices/open")).ShouldContain($"INV-2026-000001,nordic,2027-01-01T00:00:00Z,{total}");
        using var unknown = await _host.Client.GetAsync(new Uri("/api/organisations/demo/invoices/INV-2026-000001", UriKind.Relative));
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_line_leads_to_its_calls_page_by_page()
    {
        var draft = JsonNode.Parse(await TextAsync("/api/organisations/nordic/invoices/draft-2026-11"))!;
        var line = draft["lines"]!.AsArray().First(line => line!["meter"]?.ToString() == "output")!;
        var (tokens, after, pages) = (0L, "", 0);
        do
        {
            var page = JsonNode.Parse(await TextAsync(
                $"/api/organisations/nordic/invoices/draft-2026-11/lines/{line["line"]}/calls?limit=7{after}"))!;
            tokens += page["data"]!.AsArray().Sum(call => call!["output_tokens"]!.GetValue<long>());
            after = page["next"] is { } next ? $"&after={next}" : "";
            pages++;
        }
        while (after.Length > 0);

        tokens.ShouldBe(long.Parse(line["quantity"]!.ToString(), null));
        pages.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Receipts_verify_offline_with_the_invoice_and_any_change_of_either_is_found()
    {
        await PostAsync("/api/invoices/issue", """{"month":"2026-11"}""");
        var (receipts, key, invoice) = (_folder.File("r.ndjson"), _folder.File("key.json"), _folder.File("i.json"));
        await File.WriteAllTextAsync(receipts, await TextAsync("/api/organisations/nordic/receipts"));
        await File.WriteAllTextAsync(key, await TextAsync("/api/receipts/key"));
        await File.WriteAllTextAsync(invoice, await TextAsync("/api/organisations/nordic/invoices/INV-2026-000001"));

        var (code, said) = await VerifyAsync(receipts, key, invoice);
        said.ShouldStartWith("50 receipts of nordic, each as it was issued. "
            + "The invoice's usage is what they come to, and its totals, tax and rounding are what its lines come to.");
        code.ShouldBe(0);
        var text = await File.ReadAllTextAsync(invoice);
        var charged = Regex.Matches(text, "\"amount_usd\":\"([0-9.]+)\"")[0].Groups[1].Value;
        await File.WriteAllTextAsync(invoice, text.Replace($"\"amount_usd\":\"{charged}\"", "\"amount_usd\":\"9.99\"", StringComparison.Ordinal));
        (await VerifyAsync(receipts, key, invoice)).Code.ShouldBe(1);
        var lines = await File.ReadAllLinesAsync(receipts);
        await File.WriteAllLinesAsync(receipts, lines.Where((_, index) => index != 20));
        (await VerifyAsync(receipts, key, null)).Output.ShouldContain("Line 21 is receipt 22, and 21 is due");
        JsonNode.Parse(lines[3])!["sequence"]!.GetValue<long>().ShouldBe(4);
        (await TextAsync("/api/organisations/nordic/receipts?after=48")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(3);
    }

    [Fact]
    public async Task Margin_is_told_by_each_dimension_the_loss_makers_first_on_request()
    {
        foreach (var by in (string[])["model", "organisation", "provider", "deployment", "contract"])
        {
            var data = JsonNode.Parse(await TextAsync($"/api/margin?by={by}&from=2026-11-01&to=2026-12-01&losses_first=true"))!["data"]!.AsArray();
            data.Sum(each => each!["calls"]!.GetValue<long>()).ShouldBe(50);
            data.Sum(each => decimal.Parse(each!["revenue_usd"]!.ToString(), null)).ShouldBe(
                (await _host.Get<UsageStore>().BalancesAsync(CancellationToken.None)).Single(each => each.Account == "receivable:nordic").Usd);
            data.Select(each => decimal.Parse(each!["margin_usd"]!.ToString(), null)).ShouldBeInOrder();
        }
    }

    [Theory]
    [InlineData("draft nordic 2026-11", 0, "total")]
    [InlineData("issue 2026-11 --organisation nordic", 0, "INV-2026-000001  nordic")]
    [InlineData("issue 2026-12 --organisation nordic", 1, "is not over")]
    [InlineData("show nordic INV-2026-000009", 1, "There is no invoice 'INV-2026-000009'")]
    [InlineData("export nordic draft-2026-11 x.txt", 1, "does not end in one of")]
    public async Task The_command_line_says_the_same(string command, int code, string found)
    {
        var (ended, output) = await RunAsync(InvoiceCommand.Create, $"{command} --url {_host.Url}");

        output.ShouldContain(found);
        ended.ShouldBe(code);
    }

    [Fact]
    public async Task The_command_line_writes_every_form_to_a_file()
    {
        var file = _folder.File("draft.pdf");

        (await RunAsync(InvoiceCommand.Create, $"export nordic draft-2026-11 {file} --url {_host.Url}")).Code.ShouldBe(0);

        AssertPdf(await File.ReadAllBytesAsync(file), "Draft of the invoice for 2026-11");
    }

    /// <summary>Its table says where each object is; and what reads PDF here finds the text, where there is such a program.</summary>
    static void AssertPdf(byte[] pdf, string text)
    {
        var content = Encoding.Latin1.GetString(pdf);
        content.ShouldStartWith("%PDF-1.7");
        content.ShouldContain("/Lang (en)");
        content.ShouldContain($"({text.Replace("(", "\\(", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal)})");
        var start = int.Parse(Regex.Match(content, @"startxref\n(\d+)\n%%EOF\n$").Groups[1].Value, null);
        content[start..].ShouldStartWith("xref");
        var places = Regex.Matches(content[start..], @"(\d{10}) 00000 n ").Select(match => int.Parse(match.Groups[1].Value, null)).ToList();
        for (var i = 0; i < places.Count; i++)
        {
            content[places[i]..].ShouldStartWith($"{i + 1} 0 obj\n");
        }

        foreach (Match stream in Regex.Matches(content, @"/Length (\d+) >>\nstream\n"))
        {
            content[(stream.Index + stream.Length + int.Parse(stream.Groups[1].Value, null))..].ShouldStartWith("endstream");
        }

        if (!File.Exists("/usr/bin/pdftotext"))
        {
            return;
        }

        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, pdf);
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/pdftotext", [file, "-"]) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd().ShouldContain(text);
        File.Delete(file);
    }

    static Task<(int Code, string Output)> VerifyAsync(string receipts, string key, string? invoice) => RunAsync(
        (console, _) => ReceiptCommand.Create(console, _ => null), $"verify {receipts} --key {key}{(invoice is null ? "" : $" --invoice {invoice}")}");

    static async Task<(int Code, string Output)> RunAsync(
        Func<IAnsiConsole, Func<string, string?>, System.CommandLine.Command> create, string command)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 400;
        var code = await create(console, _ => "sk-admin").Parse(command.Split(' ')).InvokeAsync();
        return (code, output.ToString().Trim());
    }

    Task<string> TextAsync(string path) => _host.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    async Task<JsonNode> PostAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _host.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(expected, text);
        return JsonNode.Parse(text)!;
    }

    async Task PutAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _host.Client.PutAsync(new Uri(path, UriKind.Relative), content);
        response.StatusCode.ShouldBe(expected, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Whoever asks is the operator.</summary>
    sealed class Everybody : ICallerSource
    {
        public ValueTask<CallerFinding?> FindAsync(HttpContext context) => ValueTask.FromResult<CallerFinding?>(
            new CallerFinding(new Caller("key:operators/admin") { OperatorRoles = [OperatorRole.Admin] }, null));
    }
}
