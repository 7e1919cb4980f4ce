using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sahab.Server.Tests.Budgets;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Portal;

/// <summary>The operator's pages and those for everybody, in a real browser.</summary>
public sealed class OperatorTests(Browser browser, FilledHouse filled) : IClassFixture<Browser>, IClassFixture<FilledHouse>
{
    const string Alice = "alice@operator.example";
    const string Bob = "bob@operator.example";

    [Fact]
    public async Task Operators_announce_a_subprocessor_approve_a_sensitive_project_read_why_a_call_was_routed_and_issue_invoices()
    {
        var time = new JumpingTime();
        await using var house = await BudgetHouse.StartAsync(time);
        using var customer = await Visitor.SignUpAsync(house, "clinic@example.com");
        var clinic = await customer.FoundAsync("Clinic");
        var (project, key) = await DeclareAsync(customer, clinic);
        await using var alice = await SignUpAsync(house, Alice, "admin");
        await using var bob = await SignUpAsync(house, Bob, "reviewer");
        alice.Page.Dialog += (_, dialog) => dialog.AcceptAsync();

        await AnnounceAsync(house, alice.Page);
        (await CallAsync(house, key)).Status.ShouldBe(HttpStatusCode.Forbidden);
        await ApproveAsync(house, alice.Page, bob.Page);
        var call = await CallAsync(house, key);
        call.Status.ShouldBe(HttpStatusCode.OK);
        await ReadWhyAsync(house, alice.Page, call.Id);

        await house.CallsAsync();
        await house.DrainLedgerAsync();
        var now = DateTimeOffset.UtcNow;
        time.SetClock(new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).AddDays(1) - now);
        await IssueAsync(house, alice.Page, clinic, $"{now:yyyy-MM}");
        project.ShouldStartWith("prj_");
    }

    [Fact]
    public async Task What_is_public_names_no_customer_contract_provider_or_cost_and_asks_no_database()
    {
        var full = filled.House;
        var house = full.House;
        await using var watched = await browser.OpenAsync(house.Address);
        foreach (var (_, path) in OperatorHouse.Public)
        {
            using var client = new HttpClient { BaseAddress = house.Address };
            var page = await client.GetStringAsync(new Uri(path, UriKind.Relative));
            foreach (var secret in new[] { "demo", "azure-us", "own-us", "operators", "$3000", "$20" })
            {
                page.ShouldNotContain(secret, Case.Insensitive, path);
            }
        }

        using var nobody = new Visitor(house);
        var status = (await nobody.GetAsync("/api/service-status")).ShouldBeOk().Json["data"]!.AsArray();
        status.Select(model => model!["model"]!.ToString()).ShouldBe(["small", "vectors"]);
        status[0]!["days"]!.AsArray().Count.ShouldBe(90);
        status[0]!["days"]!.AsArray()[^1]!["day"]!.ToString().ShouldBe(DateTime.UtcNow.ToString("yyyy-MM-dd", null));
        status[0]!["availability"]!.GetValue<double>().ShouldBeInRange(0.8, 0.9);
        await watched.Page.GotoAsync(full.AddressOf("/status"));
        await Assertions.Expect(watched.Page.GetByText("All models work.")).ToBeVisibleAsync();
        (await watched.Page.Locator(".days rect").CountAsync()).ShouldBe(180);
        await watched.Page.GotoAsync(full.AddressOf("/prices"));
        await Assertions.Expect(watched.Page.GetByText("From 2090-01-01 on")).ToBeVisibleAsync();
        await watched.Page.GotoAsync(full.AddressOf("/subprocessors"));
        await Assertions.Expect(watched.Page.Locator(".pill")).ToContainTextAsync("takes effect on");
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task To_customers_the_operators_pages_are_as_if_there_were_none()
    {
        var house = filled.House.House;
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await ConsoleTests.SignUpAsync(watched.Page);
        await ConsoleTests.NewOrganisationAsync(watched.Page, "Acme");
        var own = new Uri(watched.Page.Url).Segments[^1];
        var paths = OperatorHouse.Pages.Select(page => page.Path)
            .Concat(["/operator", $"/operator/organisations/{own}"]);
        foreach (var path in paths)
        {
            (await watched.Page.GotoAsync(filled.House.AddressOf(path)))!.Status.ShouldBe(404, path);
        }
    }

    [Fact]
    public async Task An_operator_sees_the_pages_of_their_roles_and_changes_what_they_may()
    {
        var full = filled.House;
        await using var bob = await SignUpAsync(full.House, Bob, "reviewer");
        var page = bob.Page;
        await page.GotoAsync(full.AddressOf("/operator"));
        (await page.Locator(".rooms li a").AllTextContentsAsync()).ShouldBe(["Organisations", "Reviews", "Subprocessors", "Audit"]);
        (await page.GotoAsync(full.AddressOf("/operator/margin")))!.Status.ShouldBe(404);
        await page.GotoAsync(full.AddressOf("/operator/organisations/demo"));
        await Assertions.Expect(page.GetByText("You may look at this and not change it.")).ToHaveCountAsync(1);
        // What is not for a reviewer is not there, rather than there and empty.
        var told = await page.Locator("main").InnerTextAsync();
        told.ShouldContain("Calls this month");
        foreach (var foreign in new[] { "Revenue", "Cost", "Budgets", "Agreements", "Credit" })
        {
            told.ShouldNotContain(foreign);
        }

        await using var local = await browser.OpenAsync(new Uri(full.House.Address, "/operator/reviews"));
        await Assertions.Expect(local.Page.GetByText("To change something here, sign in.")).ToHaveCountAsync(1);
        (await local.Page.Locator("[data-api]").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task An_organisation_is_searched_for_suspended_and_resumed_and_an_operator_made_of_a_user()
    {
        var full = filled.House;
        await using var watched = await OpenAsync(full);
        var page = watched.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await page.GotoAsync(full.AddressOf("/operator/organisations"));
        await page.GetByLabel("Name or id").FillAsync("DEM");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "demo", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("8% off list prices", new() { Exact = false })).ToBeVisibleAsync();
        await page.Locator("[name=reason]").FillAsync("It does not pay.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Suspend" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeVisibleAsync();
        using var client = full.House.Client();
        using var refused = await client.PostAsJsonAsync("/v1/chat/completions", new { model = "small", messages = Array.Empty<object>() });
        refused.IsSuccessStatusCode.ShouldBeFalse();
        await page.Locator("[name=reason]").FillAsync("It has paid.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Suspend" })).ToBeVisibleAsync();
        using var dora = await Visitor.SignUpAsync(full.House, "dora@operator.example");
        await page.GotoAsync(full.AddressOf("/operator/operators"));
        var making = page.GetByRole(AriaRole.Region, new() { Name = "Make a user an operator" });
        await making.GetByLabel("E-mail").FillAsync("dora@operator.example");
        await making.GetByLabel("finance").CheckAsync();
        await making.GetByLabel("auditor").CheckAsync();
        await making.GetByRole(AriaRole.Button, new() { Name = "Give the roles" }).ClickAsync();
        var tile = page.Locator(".tiles > li").Filter(new() { HasText = "dora@operator.example" });
        await Assertions.Expect(tile).ToContainTextAsync("auditor, finance");
        await tile.GetByLabel("finance").UncheckAsync();
        await tile.GetByRole(AriaRole.Button, new() { Name = "Change the roles" }).ClickAsync();
        await Assertions.Expect(tile.Locator("p").Nth(1)).ToHaveTextAsync("auditor");
        await page.GotoAsync(full.AddressOf("/operator/audit?action=organisation."));
        await Assertions.Expect(page.Locator(".log tbody tr").First).ToContainTextAsync("organisation.resumed");
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task The_map_is_live_and_shows_what_its_table_does()
    {
        var full = filled.House;
        await using var watched = await OpenAsync(full);
        await watched.Page.GotoAsync(full.AddressOf("/operator/map"));
        await Assertions.Expect(watched.Page.Locator("#connection")).ToHaveAttributeAsync(
            "data-state", "live", new() { Timeout = 60_000 });
        (await watched.Page.Locator(".world circle").CountAsync()).ShouldBe(4);
        (await watched.Page.Locator("#live tbody tr").CountAsync()).ShouldBe(4);
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task A_live_page_of_a_session_that_was_ended_leads_to_where_one_signs_in()
    {
        var house = filled.House.House;
        await using var carol = await SignUpAsync(house, "carol@operator.example", "operations");
        await carol.Page.GotoAsync(house.Address.ToString());
        await Assertions.Expect(carol.Page.Locator("#connection")).ToHaveAttributeAsync("data-state", "live");
        using var phone = new Visitor(house);
        (await phone.SignInAsync("carol@operator.example", ConsoleTests.Password)).ShouldBeOk();
        (await phone.DeleteAsync("/api/account/sessions")).ShouldBeOk();

        // Another stream is asked for.
        await carol.Page.GetByLabel("Status").SelectOptionAsync("refused");

        await carol.Page.WaitForURLAsync("**/sign-in?return=*");
    }

    [Fact]
    public async Task An_outage_is_told_with_what_it_cost_and_margin_has_the_loss_makers_first()
    {
        var full = filled.House;
        await using var watched = await OpenAsync(full);
        await watched.Page.GotoAsync(full.AddressOf("/operator/incidents"));
        var row = watched.Page.GetByRole(AriaRole.Region, new() { Name = "Outages" }).Locator("tbody tr");
        await Assertions.Expect(row).ToHaveCountAsync(1);
        await Assertions.Expect(row).ToContainTextAsync("azure-us");
        await Assertions.Expect(row).ToContainTextAsync("10 of 10");
        await watched.Page.GotoAsync(full.AddressOf("/operator/margin?by=organisation&days=90"));
        await Assertions.Expect(watched.Page.Locator(".margin tbody th").First).ToHaveTextAsync("operators");
        await Assertions.Expect(watched.Page.Locator(".margin tr.loss")).ToHaveCountAsync(1);
        await watched.Page.GotoAsync(full.AddressOf("/operator/audit?verify=yes"));
        await Assertions.Expect(watched.Page.GetByText("The chain is sound")).ToBeVisibleAsync();
        watched.AssertWellBehaved();
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light, "en")]
    [InlineData(390, ColorScheme.Dark, "ar")]
    public async Task The_pages_keep_the_rules_of_accessibility_and_fit(int width, ColorScheme colours, string language)
    {
        var full = filled.House;
        await using var watched = await OpenAsync(full, width, colours);
        await watched.Page.Context.AddCookiesAsync(
            [new Microsoft.Playwright.Cookie { Name = "sahab-language", Value = language, Url = full.House.Address.ToString() }]);
        foreach (var (_, path) in OperatorHouse.Pages.Concat(OperatorHouse.Public))
        {
            (await watched.Page.GotoAsync(full.AddressOf(path)))!.Status.ShouldBe(200, path);
            (await AccessibilityTests.ViolationsAsync(watched.Page)).ShouldBeEmpty(path);
            (await watched.Page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, path);
        }
    }

    async Task<WatchedPage> OpenAsync(OperatorHouse full, int width = 1440, ColorScheme colours = ColorScheme.Light)
    {
        var watched = await browser.OpenAsync(new Uri(full.House.Address, "/status"), width, 900, colours);
        await watched.Page.Context.AddCookiesAsync(full.Cookies);
        return watched;
    }

    async Task<WatchedPage> SignUpAsync(TestHouse house, string email, string role)
    {
        var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await ConsoleTests.SignUpAsync(watched.Page, email);
        await OperatorHouse.MakeOperatorAsync(house, email, role);
        return watched;
    }

    /// <summary>A customer says what its project is for, and makes a key, which does not work before that is approved.</summary>
    static async Task<(string Project, string Key)> DeclareAsync(Visitor customer, string organisation)
    {
        var at = $"/api/organisations/{organisation}/projects";
        var project = (await customer.GetAsync(at)).ShouldBeOk().Json["data"]![0]!["id"]!.ToString();
        (await customer.SendAsync(HttpMethod.Put, $"{at}/{project}/use", new JsonObject
        {
            ["class"] = "sensitive",
            ["justification"] = "Letters of patients are summarised.",
        })).ShouldBeOk();
        var key = await customer.PostAsync($"{at}/{project}/keys", new JsonObject { ["name"] = "letters" });
        return (project, key.ShouldBeOk().Json["secret"]!.ToString());
    }

    async Task AnnounceAsync(TestHouse house, IPage alice)
    {
        await alice.GotoAsync(new Uri(house.Address, "/operator/subprocessors").ToString());
        await alice.Locator("[name=name]").FillAsync("Nordic Compute <AS>");
        await alice.Locator("[name=id]").FillAsync("nordic");
        await alice.Locator("[name=purpose]").FillAsync("Runs models in Norway.");
        await alice.Locator("[name=countries]").FillAsync("NO, SE");
        await alice.GetByRole(AriaRole.Button, new() { Name = "Announce it" }).ClickAsync();
        await Assertions.Expect(alice.GetByText("Nothing so far.")).ToBeVisibleAsync();

        await using var anybody = await browser.OpenAsync(new Uri(house.Address, "/subprocessors"));
        var card = anybody.Page.Locator(".tiles > li");
        await Assertions.Expect(card).ToContainTextAsync("Nordic Compute <AS>");
        await Assertions.Expect(card).ToContainTextAsync("NO, SE");
        await Assertions.Expect(card.Locator(".pill")).ToHaveTextAsync(
            $"takes effect on {DateTimeOffset.UtcNow.AddDays(30):yyyy-MM-dd}");
        anybody.AssertWellBehaved();
    }

    static async Task ApproveAsync(TestHouse house, IPage alice, IPage bob)
    {
        await alice.GotoAsync(new Uri(house.Address, "/operator/reviews").ToString());
        var review = alice.Locator(".tiles > li");
        await Assertions.Expect(review).ToContainTextAsync("Letters of patients are summarised.");
        await Assertions.Expect(review).ToContainTextAsync("nobody yet");
        await alice.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Assertions.Expect(review).ToContainTextAsync("another person must approve");
        await alice.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Assertions.Expect(review.Locator("[role=alert]").First).ToContainTextAsync("You have approved of it already");

        await bob.GotoAsync(new Uri(house.Address, "/operator/reviews").ToString());
        await Assertions.Expect(bob.Locator(".tiles > li")).ToContainTextAsync(Alice);
        await bob.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Assertions.Expect(bob.GetByText("There are none.")).ToBeVisibleAsync();
        await bob.GotoAsync(new Uri(house.Address, "/operator/reviews?state=approved").ToString());
        await Assertions.Expect(bob.Locator(".tiles > li")).ToContainTextAsync($"{Alice}, {Bob}");
    }

    static async Task ReadWhyAsync(TestHouse house, IPage alice, string call)
    {
        await house.CallsAsync();
        await alice.GotoAsync(new Uri(house.Address, "/operator/calls").ToString());
        await alice.Locator("[name=id]").FillAsync(call);
        await alice.SubmitAsync("Search", $"**/calls/{call}");
        await Assertions.Expect(alice.GetByText("answered in full")).ToBeVisibleAsync();
        var why = alice.GetByRole(AriaRole.Region, new() { Name = "Why there", Exact = true }).Last;
        await Assertions.Expect(alice.GetByText("4 of 4 deployments can take it")).ToBeVisibleAsync();
        await Assertions.Expect(why.Locator("tbody tr")).ToHaveCountAsync(4);
        await Assertions.Expect(why.GetByText("chosen", new() { Exact = true })).ToHaveCountAsync(1);
    }

    /// <summary>A month later: sessions have ended long ago.</summary>
    static async Task IssueAsync(TestHouse house, IPage alice, string clinic, string month)
    {
        await alice.Context.ClearCookiesAsync();
        await alice.GotoAsync(new Uri(house.Address, "/sign-in?return=%2Foperator%2Finvoices").ToString());
        await alice.GetByLabel("E-mail").FillAsync(Alice);
        await alice.GetByLabel("Password").FillAsync("correct horse battery staple");
        await alice.SubmitAsync("Sign in", "**/operator/invoices");
        await Assertions.Expect(alice.GetByText($"Not issued yet of {month}")).ToBeVisibleAsync();
        await Assertions.Expect(alice.GetByRole(AriaRole.Link, new() { Name = clinic })).ToBeVisibleAsync();
        await alice.GetByRole(AriaRole.Button, new() { Name = "Issue the month's invoices" }).ClickAsync();
        await Assertions.Expect(alice.GetByText("Nothing: what was used is invoiced.")).ToBeVisibleAsync();
        await alice.GetByRole(AriaRole.Link, new() { Name = "INV-" }).ClickAsync();
        await Assertions.Expect(alice.GetByText("Record a payment")).ToBeVisibleAsync();
        await alice.Locator("form[data-api$='/credit-notes'] [name=amount_usd]").FillAsync("0.01");
        await alice.Locator("form[data-api$='/credit-notes'] [name=reason]").FillAsync("A slow day.");
        await alice.SubmitAsync("Issue a credit note", "**/operator/invoices/CN-*");
    }

    static async Task<(HttpStatusCode Status, string Id)> CallAsync(TestHouse house, string key)
    {
        using var client = new HttpClient { BaseAddress = house.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.PostAsJsonAsync(
            "/v1/chat/completions", new { model = "small", messages = new[] { new { role = "user", content = "Hello" } } });
        return (response.StatusCode, response.Headers.TryGetValues("x-request-id", out var ids) ? ids.Single() : "");
    }
}
