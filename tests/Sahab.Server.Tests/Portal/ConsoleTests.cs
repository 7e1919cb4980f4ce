using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Portal;

/// <summary>The pages of those who buy, in a real browser.</summary>
public sealed class ConsoleTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>Every page of an organisation.</summary>
    internal static readonly string[] Places =
    [
        "", "/keys", "/budgets", "/members", "/webhooks", "/playground", "/quickstart", "/usage", "/invoices", "/data", "/audit",
        "/usage/calls/00000000-0000-7000-8000-000000000000", "/invoices/draft-2026-11", "/invoices/draft-2026-11/lines/1",
        "/webhooks/whk_none",
    ];

    internal const string Password = "correct horse battery staple";

    const string ArabicName = "شركة الغيوم للذكاء الاصطناعي";

    /// <summary>Text that would be a script if anybody took it for HTML.</summary>
    const string Hostile = "<img src=x onerror=document.title='owned'>";

    /// <summary>With prices, so that there is something to owe.</summary>
    internal const string Yaml = Samples.TwoCloudsYaml + """

        price_book:
          lists:
            opening:
              from: 2026-01-01
              prices:
                small: { prompt: 100, cached: 50, output: 400 }
        """;

    /// <summary>The whole of a customer's way, to the paper of the month and the end of the key.</summary>
    [Fact]
    public async Task A_customer_signs_up_calls_meets_a_budget_opens_the_months_invoice_and_revokes_the_key()
    {
        var time = new Faults.JumpingTime();
        await using var house = await TestHouse.StartAsync(Yaml, time: time);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        var page = watched.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await SignUpAsync(page);
        await NewOrganisationAsync(page, "Acme & " + Hostile);
        (await page.TitleAsync()).ShouldNotBe("owned");
        var home = new Uri(page.Url).AbsolutePath;
        var secret = await NewKeyAsync(page);
        (await page.ContentAsync()).ShouldNotContain(secret);
        (await CallAsync(house, secret)).ShouldBe(HttpStatusCode.OK);

        await GoAsync(page, "Playground");
        await AskTwiceAndStopAsync(page);
        await page.GetByLabel("Model").SelectOptionAsync("small");
        await page.GetByLabel("Compare with").SelectOptionAsync("small");
        await page.GetByLabel("Message").FillAsync("Say something. " + Hostile);
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await Assertions.Expect(page.Locator(".answer [data-facts]").Nth(0)).ToContainTextAsync(" ms");
        await Assertions.Expect(page.Locator(".answer [data-facts]").Nth(1)).ToContainTextAsync(" ms");
        await Assertions.Expect(page.Locator(".answer [data-answer]").Nth(0)).Not.ToBeEmptyAsync();
        (await page.TitleAsync()).ShouldNotBe("owned");

        await MeetABudgetAsync(page);
        await house.DrainLedgerAsync();
        await ReadUsageAsync(page);
        await NameTheCustomerAsync(page);

        // Some days into the next month, the operator issues the month that is over.
        var now = time.GetUtcNow();
        time.SetClock(new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).AddDays(2) - now);
        using var operators = house.Client(TestHouse.AdminKey);
        using var issued = await operators.PostAsJsonAsync("/api/invoices/issue", new { month = $"{now:yyyy-MM}" });
        issued.EnsureSuccessStatusCode();

        // The session has ended meanwhile.
        await page.GotoAsync(new Uri(house.Address, $"/sign-in?return={Uri.EscapeDataString(home + "/invoices")}").ToString());
        await SignInAsync(page);
        await OpenThePaperAsync(page);

        await GoAsync(page, "Keys");
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Assertions.Expect(page.GetByText("revoked", new() { Exact = true })).ToBeVisibleAsync();
        (await CallAsync(house, secret)).ShouldBe(HttpStatusCode.Unauthorized);

        // What the browser calls an error is the refusal that was asked for.
        watched.Errors.ShouldAllBe(error => error.Contains("status of 402", StringComparison.Ordinal)
            || error.Contains("status of 403", StringComparison.Ordinal) || error.Contains("status of 429", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Language_and_colours_are_remembered_without_a_script()
    {
        await using var house = await TestHouse.StartAsync();
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-in?return=%2Fconsole"), scripts: false);
        var page = watched.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "العربية" }).ClickAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("dir", "rtl");
        await page.GetByRole(AriaRole.Button, new() { Name = "داكن" }).ClickAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        new Uri(page.Url).PathAndQuery.ShouldBe("/sign-in?return=%2Fconsole");
    }

    [Fact]
    public async Task A_form_says_what_is_wrong_and_where()
    {
        await using var house = await TestHouse.StartAsync();
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        var page = watched.Page;
        await SignUpAsync(page);
        await page.GotoAsync(new Uri(house.Address, "/sign-in").ToString());
        await page.GetByLabel("E-mail").FillAsync("mallory@example.com");
        await page.GetByLabel("Password").FillAsync("not the password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        var said = page.Locator(".sign [role=alert]");
        await Assertions.Expect(said).Not.ToBeEmptyAsync();

        // The same goes out again while it is not known what came of it, and under another key once it is.
        var keys = new ConcurrentQueue<string>();
        await page.RouteAsync("**/api/sign-in", route =>
        {
            keys.Enqueue(route.Request.Headers["idempotency-key"]);
            return keys.Count > 1 ? route.ContinueAsync() : route.FulfillAsync(new()
            {
                Status = 409,
                ContentType = "application/problem+json",
                Body = """{"type":"urn:sahab:problem:not_finished","detail":"Wait for it."}""",
            });
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(said).ToHaveTextAsync("Wait for it.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(said).ToContainTextAsync("no user");
        await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync(),
            response => response.Url.EndsWith("/sign-in", StringComparison.Ordinal));
        keys.Count.ShouldBe(3);
        keys.Distinct().Count().ShouldBe(2);
        keys.ElementAt(1).ShouldBe(keys.First());
    }

    [Fact]
    public async Task Pages_of_another_organisation_are_as_if_there_were_none()
    {
        await using var house = await TestHouse.StartAsync();
        await using var first = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await SignUpAsync(first.Page, "owner@example.com");
        await NewOrganisationAsync(first.Page, "Acme");
        var theirs = new Uri(first.Page.Url).AbsolutePath;
        await using var second = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await SignUpAsync(second.Page, "other@example.com");

        foreach (var place in Places)
        {
            var existing = await second.Page.GotoAsync(new Uri(house.Address, theirs + place).ToString());
            var text = await second.Page.Locator("main").InnerTextAsync();
            var missing = await second.Page.GotoAsync(new Uri(house.Address, "/console/org_none" + place).ToString());
            (existing!.Status, missing!.Status).ShouldBe((404, 404));
            text.ShouldBe(await second.Page.Locator("main").InnerTextAsync());
            text.ShouldNotContain("Acme");
        }

        foreach (var operators in new[] { "/", "/contracts", "/metrics" })
        {
            (await second.Page.GotoAsync(new Uri(house.Address, operators).ToString()))!.Status.ShouldBe(404, operators);
        }
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light, "en")]
    [InlineData(390, ColorScheme.Dark, "ar")]
    public async Task The_pages_keep_the_rules_of_accessibility_and_fit(int width, ColorScheme colours, string language)
    {
        await using var house = await TestHouse.StartAsync(Yaml);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"), width, 900, colours);
        var page = watched.Page;
        await SignUpAsync(page);
        await NewOrganisationAsync(page, "Acme");
        var home = new Uri(page.Url).AbsolutePath;
        await FillAsync(house, page);
        var webhook = await FurnishAsync(house, home.Replace("console", "api/organisations", StringComparison.Ordinal));
        await house.DrainLedgerAsync();
        var call = (await page.Context.APIRequest.GetAsync(new Uri(house.Address, $"/api{home.Replace("console", "organisations", StringComparison.Ordinal)}/calls").ToString()));
        var id = (await call.JsonAsync())!.Value.GetProperty("data")[0].GetProperty("call_id").GetString();
        var draft = $"/invoices/draft-{TimeProvider.System.GetUtcNow():yyyy-MM}";
        await page.Context.AddCookiesAsync([new Microsoft.Playwright.Cookie { Name = "sahab-language", Value = language, Url = house.Address.ToString() }]);
        string[] paths =
        [
            "/sign-up", "/sign-in", "/console", "/account", .. Places[..11].Select(place => home + place), $"{home}/usage/calls/{id}",
            home + draft, home + draft + "/lines/1", $"{home}/webhooks/{webhook}",
        ];
        foreach (var path in paths)
        {
            (await page.GotoAsync(new Uri(house.Address, path).ToString()))!.Status.ShouldBe(200, path);
            (await AccessibilityTests.ViolationsAsync(page)).ShouldBeEmpty(path);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, path);
        }
    }

    /// <summary>A key, a call with it, and a name and address for invoices, in an organisation that has nothing.</summary>
    internal static async Task FillAsync(TestHouse house, IPage page)
    {
        var home = new Uri(page.Url);
        var secret = await NewKeyAsync(page);
        (await CallAsync(house, secret)).ShouldBe(HttpStatusCode.OK);
        await NameTheCustomerAsync(page);
        await page.GotoAsync(home.ToString());
    }

    /// <summary>A budget, an invitation, and a webhook with something on its way to it; the webhook's id.</summary>
    static async Task<string> FurnishAsync(TestHouse house, string api)
    {
        using var admin = Visitor.Admin(house);
        (await admin.PostAsync(api + "/budgets", new()
        {
            ["name"] = "All of it",
            ["measure"] = "tokens",
            ["period"] = "year",
            ["limit"] = 1_000_000,
            ["thresholds"] = new JsonArray(50, 80),
        })).ShouldBeOk();
        (await admin.PostAsync(api + "/invitations", new() { ["email"] = "lee@example.com", ["role"] = "auditor" })).ShouldBeOk();
        var webhook = (await admin.PostAsync(api + "/webhooks", new() { ["url"] = "https://hooks.example.com/a/rather/long/path/of/it" }))
            .ShouldBeOk().Json["id"]!.ToString();
        (await admin.PostAsync($"{api}/webhooks/{webhook}/test")).Status.ShouldBe(HttpStatusCode.Accepted);
        return webhook;
    }

    static async Task<string> NewKeyAsync(IPage page)
    {
        await GoAsync(page, "Keys");
        await page.GetByLabel("Name").FillAsync("laptop");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        await Assertions.Expect(page.Locator("#revealed")).Not.ToBeEmptyAsync();
        var secret = await page.Locator("#revealed").TextContentAsync() ?? "";
        secret.ShouldStartWith("sk-sahab-");
        await page.GetByRole(AriaRole.Button, new() { Name = "I have put it away" }).ClickAsync();
        await Assertions.Expect(page.GetByText("active", new() { Exact = true })).ToBeVisibleAsync();
        return secret;
    }

    /// <summary>Asks again while nothing has come yet: the first is given up, and the second can be stopped.</summary>
    static async Task AskTwiceAndStopAsync(IPage page)
    {
        var givenUp = new TaskCompletionSource();
        page.RequestFailed += (_, _) => givenUp.TrySetResult();
        await page.RouteAsync("**/chat/completions", _ => Task.CompletedTask);
        await page.GetByLabel("Message").FillAsync("Are you there?");
        var stop = page.GetByRole(AriaRole.Button, new() { Name = "Stop" });
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await Assertions.Expect(stop).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await givenUp.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        await page.EvaluateAsync("() => new Promise(done => setTimeout(done, 50))");
        await Assertions.Expect(stop).ToBeVisibleAsync();
        await stop.ClickAsync();
        await Assertions.Expect(stop).ToBeHiddenAsync();
        await page.UnrouteAsync("**/chat/completions");
    }

    /// <summary>Sets a budget and asks until it is used up.</summary>
    static async Task MeetABudgetAsync(IPage page)
    {
        await GoAsync(page, "Budgets");
        await page.GetByLabel("Name").FillAsync("Pocket money");
        await page.GetByLabel("Limit in US dollars").FillAsync("0.25");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set it" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Pocket money" })).ToBeVisibleAsync();
        await GoAsync(page, "Playground");
        await page.GetByLabel("Message").FillAsync("Tell me a long story.");
        var trouble = page.Locator(".answer [data-trouble]").Nth(0);
        for (var ask = 0; ask < 50 && (await trouble.TextContentAsync() ?? "").Length == 0; ask++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToBeHiddenAsync();
        }

        // Which budget, how much of it is left, and when there is more.
        await Assertions.Expect(trouble).ToContainTextAsync("Pocket money");
        await Assertions.Expect(trouble).ToContainTextAsync("left");
        await Assertions.Expect(trouble).ToContainTextAsync(new System.Text.RegularExpressions.Regex(@"20\d\d-\d\d-01"));
    }

    /// <summary>The sums, the latest calls, one of them and its receipt.</summary>
    static async Task ReadUsageAsync(IPage page)
    {
        await GoAsync(page, "Usage");
        await Assertions.Expect(page.Locator(".figures dd").Nth(0)).ToContainTextAsync("$");
        (await page.Locator("svg rect.bar").CountAsync()).ShouldBeGreaterThan(0);
        await page.GetByLabel("Told apart by").SelectOptionAsync("key");
        await page.GetByLabel("Shown").SelectOptionAsync("tokens");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".legend")).ToContainTextAsync("laptop");
        await page.GetByRole(AriaRole.Region, new() { Name = "Calls" }).GetByRole(AriaRole.Link).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Receipts" })).ToContainTextAsync("opening");
        (await page.Locator("main").InnerTextAsync()).ShouldNotContain("azure");
        var receipts = await page.Context.APIRequest.GetAsync(new Uri(
            new Uri(page.Url), await page.GetByRole(AriaRole.Link, new() { Name = "The signed receipts" }).GetAttributeAsync("href")).ToString());
        (await receipts.TextAsync()).ShouldContain("\"signature\":");
    }

    static async Task NameTheCustomerAsync(IPage page)
    {
        await GoAsync(page, "Invoices");
        await page.GetByLabel("Name").FillAsync(ArabicName);
        await page.GetByLabel("Address, line by line").FillAsync("Storgata 1, 3. etasje\n0155 Oslo");
        await page.GetByLabel("Country").FillAsync("NO");
        // The page comes anew once it is saved; who goes elsewhere before is held up by that.
        var loaded = new TaskCompletionSource();
        page.Load += (_, _) => loaded.TrySetResult();
        var answer = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync(),
            response => response.Url.EndsWith("/billing", StringComparison.Ordinal));
        answer.Status.ShouldBe(200);
        await loaded.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
    }

    /// <summary>From the list to the invoice, from a line to its calls, and the paper itself.</summary>
    static async Task OpenThePaperAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("^INV-[0-9-]+$") }).ClickAsync();
        await Assertions.Expect(page.GetByText("unpaid", new() { Exact = true })).ToBeVisibleAsync();
        var invoice = page.Url;
        await page.GetByRole(AriaRole.Link, new() { Name = "Calls of line 1" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Calls" }).GetByRole(AriaRole.Link).First).ToBeVisibleAsync();
        await page.GotoAsync(invoice);
        var link = page.GetByRole(AriaRole.Link, new() { Name = "PDF" });
        var answer = await page.Context.APIRequest.GetAsync(
            new Uri(new Uri(invoice), await link.GetAttributeAsync("href")).ToString());
        var paper = await answer.BodyAsync();
        Encoding.ASCII.GetString(paper, 0, 8).ShouldBe("%PDF-1.7");
        var text = await Invoices.InvoicePdfTests.TextOfAsync(paper);
        text.ShouldContain("Invoice INV-");
        text.ShouldContain(ArabicName);
        text.ShouldContain("Storgata 1, 3. etasje");
        text.ShouldContain("Total");
    }

    static async Task GoAsync(IPage page, string room)
    {
        await page.Locator(".rooms").GetByRole(AriaRole.Link, new() { Name = room, Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(room);
    }

    internal static async Task SignInAsync(IPage page)
    {
        await page.GetByLabel("E-mail").FillAsync("mallory@example.com");
        await page.GetByLabel("Password").FillAsync(Password);
        await page.SubmitAsync("Sign in", "**/invoices");
    }

    internal static async Task SignUpAsync(IPage page, string email = "mallory@example.com")
    {
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.SubmitAsync("Sign up", "**/console");
    }

    internal static async Task NewOrganisationAsync(IPage page, string name)
    {
        await page.GetByLabel("Name").FillAsync(name);
        await page.SubmitAsync("Make it", "**/console/org_*");
        await Assertions.Expect(page.Locator(".rooms-of strong")).ToHaveTextAsync(name);
    }

    static async Task<HttpStatusCode> CallAsync(TestHouse house, string secret)
    {
        using var client = new HttpClient { BaseAddress = house.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        using var response = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "small", messages = new[] { new { role = "user", content = "Hello" } } });
        return response.StatusCode;
    }
}
