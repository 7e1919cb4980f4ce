using System.Net.Http.Json;
using Microsoft.Playwright;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;
using Sahab.Server.Tests.Webhooks;

namespace Sahab.Server.Tests.Portal;

/// <summary>What customers change on their pages, in a real browser.</summary>
public sealed class CustomerPagesTests(Browser browser) : IClassFixture<Browser>
{
    const string Password = "correct horse battery staple";

    [Fact]
    public async Task Users_end_their_other_sessions_make_tokens_and_change_their_password()
    {
        await using var house = await TestHouse.StartAsync();
        await using var other = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await ConsoleTests.SignUpAsync(other.Page);
        await ConsoleTests.NewOrganisationAsync(other.Page, "Acme");
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-in?return=%2Faccount"));
        var page = watched.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await SignInAsync(page, Password);

        await page.GetByLabel("Name").FillAsync("robot");
        await page.Locator("form[data-reveals=token] select[name=role]").SelectOptionAsync("auditor");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        await Assertions.Expect(page.Locator("#revealed")).Not.ToBeEmptyAsync();
        var token = await page.Locator("#revealed").TextContentAsync() ?? "";
        await page.GetByRole(AriaRole.Button, new() { Name = "I have put it away" }).ClickAsync();
        using var robot = house.Client(token);
        (await robot.GetAsync(new Uri("/api/session", UriKind.Relative))).IsSuccessStatusCode.ShouldBeTrue();
        // The page is there anew when the token is listed.
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Revoke" })).ToBeVisibleAsync();
        (await page.ContentAsync()).ShouldNotContain(token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Assertions.Expect(page.GetByText("No access tokens.")).ToBeVisibleAsync();
        (await robot.GetAsync(new Uri("/api/organisations", UriKind.Relative))).IsSuccessStatusCode.ShouldBeFalse();

        await other.Page.GotoAsync(new Uri(house.Address, "/account").ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "End all others" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "End all others" })).ToHaveCountAsync(0);
        await other.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(other.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        new Uri(other.Page.Url).PathAndQuery.ShouldBe("/sign-in?return=%2Faccount");

        await page.GetByLabel("Password until now").FillAsync(Password);
        await page.GetByLabel("New password").FillAsync("another horse entirely");
        var changed = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Change it" }).ClickAsync(),
            response => response.Url.EndsWith("/password", StringComparison.Ordinal));
        changed.Status.ShouldBe(200);
        await SignInAsync(other.Page, "another horse entirely");
        await Assertions.Expect(other.Page.GetByRole(AriaRole.Heading, new() { Name = "Change the password" })).ToBeVisibleAsync();
        // One signs out on every page, also on one that has no form of its own.
        await other.Page.GotoAsync(new Uri(house.Address, "/status").ToString());
        await other.Page.SubmitAsync("Sign out", "**/sign-in");
    }

    [Fact]
    public async Task Who_is_invited_becomes_a_member_by_a_link_whether_they_sign_up_or_in()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        await using var owner = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        await ConsoleTests.SignUpAsync(owner.Page);
        await ConsoleTests.NewOrganisationAsync(owner.Page, "Acme");
        await owner.Page.GetByRole(AriaRole.Link, new() { Name = "Members" }).ClickAsync();

        await using var newcomer = await browser.OpenAsync(await InviteAsync(owner.Page, "lee@example.com"));
        await ConsoleTests.SignUpAsync(newcomer.Page, "lee@example.com");
        await Assertions.Expect(newcomer.Page.GetByRole(AriaRole.Link, new() { Name = "Acme" })).ToBeVisibleAsync();

        await using var known = await browser.OpenAsync(await InviteAsync(owner.Page, "kim@example.com"));
        var page = known.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByLabel("E-mail").FillAsync("kim@example.com");
        await page.GetByLabel("Password").FillAsync(Visitor.Password);
        await page.SubmitAsync("Sign in", "**/console?invitation=*");
        await page.SubmitAsync("Accept it", "**/console/org_*");
        await Assertions.Expect(page.Locator(".rooms-of strong")).ToHaveTextAsync("Acme");
        known.AssertWellBehaved();
    }

    [Fact]
    public async Task Rules_uses_and_objections_are_set_on_the_page_and_stand_among_the_changes()
    {
        await using var house = await TestHouse.StartAsync(Govern.GovernHouse.Yaml);
        using var operators = house.Client(TestHouse.AdminKey);
        using var announced = await operators.PostAsJsonAsync("/api/subprocessors", new
        {
            id = "newcomer",
            name = "Newcomer Cloud",
            provider = "azure",
            purpose = "Runs models",
            countries = new[] { "US", "NO" },
        });
        announced.EnsureSuccessStatusCode();
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        var page = watched.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await ConsoleTests.SignUpAsync(page);
        await ConsoleTests.NewOrganisationAsync(page, "Acme");
        await page.GetByRole(AriaRole.Link, new() { Name = "Rules on data" }).ClickAsync();

        await page.GetByText("Change the rules of Acme").ClickAsync();
        await page.GetByLabel("Processed in").First.FillAsync("NO");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set them" }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { Name = "Acme" })).ToContainTextAsync("NO");

        await page.GetByText("Declare what", new() { Exact = false }).First.ClickAsync();
        await page.Locator("select[name=class]").First.SelectOptionAsync("government");
        await page.GetByLabel("Why, for who reviews it").First.FillAsync("We serve a ministry.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Declare it" }).First.ClickAsync();
        await Assertions.Expect(page.GetByText("0 of 2 have approved.")).ToBeVisibleAsync();

        await page.GetByText("Object to Newcomer Cloud").ClickAsync();
        await page.GetByLabel("Why", new() { Exact = true }).FillAsync("Not with our data.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Object", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("You object: none of your calls goes there")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Changes" }).ClickAsync();
        foreach (var action in new[] { "data_rules.set", "use.declared", "subprocessor.objection_recorded" })
        {
            await Assertions.Expect(page.GetByText(action, new() { Exact = true })).ToBeVisibleAsync();
        }

        await page.GetByLabel("Kind of change").SelectOptionAsync("use.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Assertions.Expect(page.GetByText("data_rules.set", new() { Exact = true })).ToHaveCountAsync(0);
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task Keys_budgets_members_webhooks_and_the_name_are_changed_on_their_pages()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nwebhooks: { allow_http: true, private_networks: [127.0.0.1/32] }\n");
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        var organisation = await kim.FoundAsync("Acme");
        (await kim.PostAsync(
            $"/api/organisations/{organisation}/invitations", new() { ["email"] = "lee@example.com", ["role"] = "auditor" }))
            .ShouldBeOk();
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/status"));
        var page = watched.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await page.Context.AddCookiesAsync([new Cookie { Name = "sahab", Value = kim.Cookie, Url = house.Address.ToString() }]);
        var home = new Uri(house.Address, $"/console/{organisation}").ToString();

        await page.GotoAsync(home);
        await page.GetByLabel("What it is called").FillAsync("Acme Clouds");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename it" }).ClickAsync();
        await Assertions.Expect(page.Locator(".rooms-of strong")).ToHaveTextAsync("Acme Clouds");
        await page.GotoAsync(home + "/members");
        await page.GetByRole(AriaRole.Button, new() { Name = "Withdraw" }).ClickAsync();
        await Assertions.Expect(page.GetByText("lee@example.com")).ToHaveCountAsync(0);
        await ChangeKeyAsync(page, home);
        (await kim.GetAsync($"/api/organisations/{organisation}/keys")).ShouldBeOk()
            .Json["data"]![0]!["old_secrets"]!.AsArray().Count.ShouldBe(1);
        await ChangeBudgetAsync(page, home);
        await SendTwiceAsync(page, home, receiver);
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task The_page_to_sign_in_leads_to_each_issuer()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml + """

            sign_in:
              oidc:
                corporate: { name: Corporate, issuer: "https://issuer.example", client_id: sahab, client_secret: { env: CLOUD_KEY } }
            """);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-in?return=%2Faccount"));

        (await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in by Corporate" }).GetAttributeAsync("href"))
            .ShouldBe("/api/sign-in/issuers/corporate?return_to=%2Faccount");
        (await AccessibilityTests.ViolationsAsync(watched.Page)).ShouldBeEmpty();
    }

    /// <summary>Makes a key of some tiers with an end, and gives it another secret beside the first.</summary>
    static async Task ChangeKeyAsync(IPage page, string home)
    {
        await page.GotoAsync(home + "/keys");
        await page.GetByLabel("Name").FillAsync("laptop");
        await page.GetByText("What it may do").ClickAsync();
        await page.GetByLabel("Service tiers").FillAsync("default, flex");
        await page.GetByLabel("Good until").FillAsync("2099-01-31");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        await PutAwayAsync(page);
        var row = page.GetByRole(AriaRole.Row, new() { Name = "laptop" });
        await Assertions.Expect(row).ToContainTextAsync("by default, flex");
        await Assertions.Expect(row).ToContainTextAsync("until 2099-01-31");
        await page.GetByText("New secret for laptop").ClickAsync();
        await page.GetByLabel("Hours for which the old one works").FillAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rotate" }).ClickAsync();
        await PutAwayAsync(page);
    }

    /// <summary>Sets a budget of tokens on the key, and changes it.</summary>
    static async Task ChangeBudgetAsync(IPage page, string home)
    {
        await page.GotoAsync(home + "/budgets");
        await page.GetByLabel("Name").FillAsync("Reading");
        await page.GetByLabel("What is counted").SelectOptionAsync("tokens");
        await page.GetByLabel("Or of a key").SelectOptionAsync(new SelectOptionValue { Index = 1 });
        await page.GetByLabel("Or limit in tokens or requests").FillAsync("5000");
        await page.GetByLabel("Told of at these percents").FillAsync("50, 90");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set it" }).ClickAsync();
        var tile = page.Locator(".tiles > li");
        await Assertions.Expect(tile).ToContainTextAsync("5,000 tokens");
        await Assertions.Expect(tile).ToContainTextAsync("of the key laptop");
        await Assertions.Expect(tile).ToContainTextAsync("50%, 90%");
        await page.GetByText("Change Reading").ClickAsync();
        await tile.GetByLabel("Limit in tokens or requests").FillAsync("6000");
        await tile.GetByLabel("Told of at these percents").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change it" }).ClickAsync();
        await Assertions.Expect(tile).ToContainTextAsync("6,000 tokens");
        await Assertions.Expect(tile).Not.ToContainTextAsync("50%");
    }

    /// <summary>Adds a webhook, sends a test and that again, and has it be still for a while.</summary>
    static async Task SendTwiceAsync(IPage page, string home, WebhookReceiver receiver)
    {
        await page.GotoAsync(home + "/webhooks");
        await page.GetByLabel("Address").FillAsync(new Uri(receiver.Address, "/hook").ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        await PutAwayAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        await PutAwayAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await Assertions.Expect(page.Locator(".tiles .pill")).ToHaveTextAsync("disabled");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enable" }).ClickAsync();
        var sent = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Send a test" }).ClickAsync(),
            response => response.Url.EndsWith("/test", StringComparison.Ordinal));
        sent.Status.ShouldBe(202);
        await ReceivedAsync(receiver, 1);
        await page.GetByRole(AriaRole.Link, new() { Name = "What was sent" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "webhook.test" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".pill")).ToHaveTextAsync("delivered");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send it again" }).ClickAsync();
        await ReceivedAsync(receiver, 2);
    }

    static async Task ReceivedAsync(WebhookReceiver receiver, int events)
    {
        for (var waited = 0; receiver.Received.Count < events && waited < 600; waited++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        receiver.Received.Count.ShouldBe(events);
    }

    /// <summary>Waits for what is shown this once, and for the page that comes after it.</summary>
    static async Task PutAwayAsync(IPage page)
    {
        await Assertions.Expect(page.Locator("#revealed")).Not.ToBeEmptyAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "I have put it away" }).ClickAsync();
        await Assertions.Expect(page.Locator("#revealed")).ToBeEmptyAsync();
    }

    /// <summary>The link that the page of members shows this once.</summary>
    static async Task<Uri> InviteAsync(IPage page, string email)
    {
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByRole(AriaRole.Button, new() { Name = "Invite", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("#revealed")).Not.ToBeEmptyAsync();
        var link = new Uri(await page.Locator("#revealed").TextContentAsync() ?? "");
        await page.GetByRole(AriaRole.Button, new() { Name = "I have put it away" }).ClickAsync();
        await Assertions.Expect(page.GetByText(email)).ToBeVisibleAsync();
        return link;
    }

    static async Task SignInAsync(IPage page, string password)
    {
        await page.GetByLabel("E-mail").FillAsync("mallory@example.com");
        await page.GetByLabel("Password").FillAsync(password);
        await page.SubmitAsync("Sign in", "**/account");
    }
}
