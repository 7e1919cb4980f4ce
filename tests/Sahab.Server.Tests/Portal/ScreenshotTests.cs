using System.Net.Http.Json;
using Microsoft.Playwright;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Portal;

/// <summary>
/// Every page as a picture, for people to look at: <c>eng/screenshots.sh</c> runs this and says where they are.
/// </summary>
[Trait("Suite", "All")]
public sealed class ScreenshotTests(Browser browser) : IClassFixture<Browser>
{
    const string Folder = "artifacts/screenshots";

    static readonly (string Name, int Width, ColorScheme Colours, string Language)[] Looks =
    [
        ("desktop-light", 1440, ColorScheme.Light, "en"), ("desktop-dark", 1440, ColorScheme.Dark, "en"),
        ("desktop-arabic", 1440, ColorScheme.Light, "ar"), ("phone-light", 390, ColorScheme.Light, "en"),
        ("phone-dark", 390, ColorScheme.Dark, "en"), ("phone-arabic", 390, ColorScheme.Dark, "ar"),
    ];

    [Fact]
    public async Task Every_page_is_pictured_as_it_looks_wide_and_narrow_light_and_dark_and_in_Arabic()
    {
        var folder = Repository.PathOf(Folder);
        Directory.CreateDirectory(folder);
        await using var house = await TestHouse.StartAsync(ConsoleTests.Yaml);
        using var client = house.Client();
        using var call = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "small", messages = new[] { new { role = "user", content = "Hello" } } });
        var id = call.Headers.GetValues("x-request-id").Single();
        (string Name, string Path)[] pages =
        [
            ("live", "/"), ("call", $"/calls/{id}"), ("deployment", "/deployments/azure-us"), ("contracts", "/contracts"),
            ("missing", "/calls/00000000-0000-7000-8000-000000000000"),
        ];
        await PictureAsync(house, folder, pages, cookies: []);
        await using var signing = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await ConsoleTests.SignUpAsync(signing.Page);
        await ConsoleTests.NewOrganisationAsync(signing.Page, "Acme Robotics");
        var home = new Uri(signing.Page.Url).AbsolutePath;
        await ConsoleTests.FillAsync(house, signing.Page);
        await house.DrainLedgerAsync();
        var calls = await signing.Page.Context.APIRequest.GetAsync(
            new Uri(house.Address, $"/api/organisations/{home["/console/".Length..]}/calls").ToString());
        var own = (await calls.JsonAsync())!.Value.GetProperty("data")[0].GetProperty("call_id").GetString();
        await PictureOfPaperAsync(signing.Page, new Uri(
            house.Address, $"/api/organisations/{home["/console/".Length..]}/invoices/draft-{TimeProvider.System.GetUtcNow():yyyy-MM}.pdf"), folder);
        var draft = $"{home}/invoices/draft-{TimeProvider.System.GetUtcNow():yyyy-MM}";
        await PictureAsync(
            house, folder,
            [
                ("sign-up", "/sign-up"), ("sign-in", "/sign-in"), ("organisations", "/console"), ("projects", home),
                ("keys", home + "/keys"), ("budgets", home + "/budgets"), ("members", home + "/members"),
                ("webhooks", home + "/webhooks"), ("playground", home + "/playground"), ("quickstart", home + "/quickstart"),
                ("usage", home + "/usage?period=24h"), ("customer-call", $"{home}/usage/calls/{own}"), ("invoices", home + "/invoices"),
                ("invoice", draft), ("invoice-line", draft + "/lines/1"), ("data", home + "/data"), ("audit", home + "/audit"),
                ("account", "/account"),
            ],
            [.. (await signing.Page.Context.CookiesAsync()).Select(cookie => new Cookie
            {
                Name = cookie.Name,
                Value = cookie.Value,
                Url = house.Address.ToString(),
            })]);
        await using var full = await OperatorHouse.StartAsync();
        await PictureAsync(
            full.House, folder,
            [
                .. OperatorHouse.Pages.Select(page => ($"operator-{page.Name}", full.AddressOf(page.Path))),
                .. OperatorHouse.Public.Select(page => ($"public-{page.Name}", page.Path)),
            ],
            full.Cookies);
        await PictureBusyPagesAsync(folder);
    }

    /// <summary>Pages that look different once there is much to tell.</summary>
    async Task PictureBusyPagesAsync(string folder)
    {
        await using var busy = await BusyHouse.StartAsync(calls: 5000);
        var home = $"/console/{busy.Organisation}";
        await PictureAsync(
            busy.House, folder,
            [
                ("capacity", home + "/capacity"), ("busy-usage", home + "/usage?group=key"), ("busy-budgets", home + "/budgets"),
                ("busy-call", $"{home}/usage/calls/{busy.Old}"), ("busy-invoice", $"{home}/invoices/{busy.Invoice}"),
                ("busy-line", $"{home}/invoices/{busy.Invoice}/lines/1"), ("busy-keys", home + "/keys"),
                ("webhook", $"{home}/webhooks/{busy.Webhook}"),
            ],
            [busy.Customer]);
        var (_, contract, commitment) = BusyHouse.Names;
        var drawn = $"/contracts/{contract}/drawn/{commitment}";
        await PictureAsync(
            busy.House, folder,
            [
                ("operator-capacity", "/operator/capacity"), ("busy-live", "/"), ("busy-calls", $"/operator/calls?day={busy.Day:yyyy-MM-dd}"),
                ("busy-incidents", "/operator/incidents?days=92"), ("busy-margin", "/operator/margin?by=deployment&days=90"),
                ("busy-organisation", $"/operator/organisations/{busy.Organisation}"), ("busy-status", "/status"),
                ("contract", $"/contracts/{contract}"), ("contract-drawn", drawn), ("contract-day", $"{drawn}/{busy.Day:yyyy-MM-dd}"),
                ("contract-hour", $"{drawn}/{busy.Day:yyyy-MM-dd}/9"),
            ],
            [busy.Operator]);
    }

    static async Task PictureOfPaperAsync(IPage page, Uri address, string folder)
    {
        var file = Path.Combine(folder, "invoice-paper.pdf");
        await File.WriteAllBytesAsync(file, await (await page.Context.APIRequest.GetAsync(address.ToString())).BodyAsync());
        using var process = System.Diagnostics.Process.Start(
            "/usr/bin/pdftoppm", ["-png", "-r", "80", "-singlefile", file, Path.Combine(folder, "invoice-paper")]);
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0);
    }

    async Task PictureAsync(TestHouse house, string folder, (string Name, string Path)[] pages, Cookie[] cookies)
    {
        foreach (var look in Looks)
        {
            await using var watched = await browser.OpenAsync(house.Address, look.Width, 900, look.Colours);
            await watched.Page.Context.AddCookiesAsync(
            [
                .. cookies,
                new Cookie { Name = "sahab-language", Value = look.Language, Url = house.Address.ToString() },
            ]);
            foreach (var (name, path) in pages)
            {
                await watched.Page.GotoAsync(new Uri(house.Address, path).ToString());
                await watched.Page.ScreenshotAsync(new PageScreenshotOptions
                {
                    Path = Path.Combine(folder, $"{name}-{look.Name}.png"),
                    FullPage = true,
                });
            }
        }
    }
}
