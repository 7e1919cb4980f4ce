using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Sahab.Server.Tests.Govern;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Portal;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>Names, prompts, answers and errors that would be scripts, in a real browser, on every page: nothing runs, and nothing even tries.</summary>
public sealed class ScriptInjectionTests(Browser browser, SharedHouse shared) : IClassFixture<Browser>, IClassFixture<SharedHouse>
{
    /// <summary>At most 100 characters each, which is the most that a name has.</summary>
    static readonly string[] Payloads =
    [
        "<script>document.title='owned'</script>", "<img src=x onerror=document.title='owned'>",
        "\"><svg onload=document.title='owned'>", "'><body onload=document.title='owned'>", "' onfocus=document.title='owned' autofocus='",
        "\" onmouseover=document.title='owned' x=\"", "</title><script>document.title='owned'</script>",
        "</textarea><script>document.title='owned'</script>", "--><script>document.title='owned'</script><!--",
        "javascript:document.title='owned'", "<a href=javascript:document.title='owned'>x</a>",
        "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\">", "<style>@import'//evil.example'</style>",
        "&lt;script&gt;document.title='owned'&lt;/script&gt;", "{{constructor.constructor('document.title=1')()}}",
        "${document.title='owned'}", "\u2028document.title='owned'\u2029", "<math><mi//xlink:href=\"data:x,<script>\">",
        "<base href=//evil.example/>", "<meta http-equiv=refresh content=0;url=//evil.example>", "<form action=//evil.example>",
    ];

    [Fact]
    public async Task Nothing_that_a_customer_writes_runs_on_any_page()
    {
        await using var house = await TestHouse.StartAsync();
        using var owner = await Visitor.SignUpAsync(house, "owner@example.com");
        var organisation = await owner.FoundAsync(Payloads[1]);
        await WriteEverywhereAsync(owner, organisation);
        await CallAsync(house);
        await using var watched = await OpenAsync(house, owner, "/console");
        foreach (var page in PortalPages.Of(house).Where(page => page.Pattern is not "/live" and not "/metrics" and not "/sign-in-by-key"
            && !page.Pattern.StartsWith("/assets", StringComparison.Ordinal)))
        {
            await LookAsync(watched, new Uri(house.Address, page.PathOf(organisation)));
        }

        // And as the operator, who is shown what customers have written.
        await using var operators = await browser.OpenAsync(new Uri(house.Address, "/console"));
        foreach (var page in PortalPages.Of(house).Where(page => !page.HasValues || page.IsOfOrganisation)
            .Where(page => page.Pattern is not "/live" and not "/metrics" and not "/sign-in-by-key"))
        {
            await LookAsync(operators, new Uri(house.Address, page.PathOf(organisation)));
        }

        // That a page is not for them is all that the browser complains of: nothing was stopped from running.
        watched.Errors.Concat(operators.Errors).ShouldAllBe(error => error.Contains("404"));
        watched.Requests.Concat(operators.Requests).ShouldAllBe(request => request.Scheme == "data" || request.IsLoopback);
    }

    [Fact]
    public async Task Nothing_in_an_address_runs()
    {
        await using var house = await TestHouse.StartAsync();
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-in"));
        // Several at once: what is not written as it must be runs in company too.
        var payloads = Payloads.Chunk(3).Select(some => Uri.EscapeDataString(string.Join(' ', some))).ToList();
        foreach (var payload in payloads)
        {
            foreach (var address in new[]
            {
                $"/sign-in?return=/{payload}", $"/sign-in?return={payload}", $"/sign-up?invitation={payload}",
                $"/?model={payload}&status={payload}&provider={payload}", $"/console/demo?x={payload}",
            })
            {
                await LookAsync(watched, new Uri(house.Address, address));
            }
        }

        watched.Errors.ShouldBeEmpty();
        // Pages that are not there: the browser notes that they were not, and nothing else.
        foreach (var payload in payloads)
        {
            foreach (var address in new[] { $"/deployments/{payload}", $"/contracts/{payload}", $"/console/{payload}", $"/console/{payload}/keys" })
            {
                await LookAsync(watched, new Uri(house.Address, address));
            }
        }

        watched.Errors.ShouldAllBe(error => error.Contains("404"));
        watched.Requests.ShouldAllBe(request => request.Scheme == "data" || request.IsLoopback);
    }

    [Fact]
    public async Task Prompts_answers_and_errors_are_shown_as_they_are()
    {
        await using var cloud = await ScriptedUpstream.StartAsync(EchoAnswers.AnswerAsync);
        await using var house = await TestHouse.StartAsync(YamlOf(cloud.BaseUrl));
        using var owner = await Visitor.SignUpAsync(house, "owner@example.com");
        var organisation = await owner.FoundAsync("Acme");
        var project = await Neighbours.FirstProjectAsync(owner, organisation);
        (await owner.PostAsync($"/api/organisations/{organisation}/projects/{project}/keys", new() { ["name"] = Payloads[0] })).ShouldBeOk();
        await using var watched = await OpenAsync(house, owner, $"/console/{organisation}/playground");
        var page = watched.Page;
        var prompt = string.Join(' ', Payloads.Where(payload => !payload.Contains('\u2028')));
        await page.GetByLabel("Message").FillAsync(prompt);
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await Assertions.Expect(page.Locator(".answer [data-facts]").First).ToContainTextAsync(" ms");
        await Assertions.Expect(page.Locator(".answer [data-answer]").First).ToContainTextAsync("<img src=x onerror=");

        cloud.Answer = (_, context) =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync(
                new JsonObject { ["error"] = new JsonObject { ["message"] = Payloads[1], ["type"] = Payloads[0], ["code"] = Payloads[2] } }.ToJsonString(),
                CancellationToken.None);
        };
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await Assertions.Expect(page.Locator(".answer [data-trouble]").First).ToContainTextAsync("<img");
        (await page.TitleAsync()).ShouldNotBe("owned");
        watched.Errors.ShouldAllBe(error => error.Contains("400"));
        watched.Requests.ShouldAllBe(request => request.Scheme == "data" || request.IsLoopback);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("/\r\n/evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("https:evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData(" //evil.example")]
    [InlineData("")]
    public async Task Nobody_is_sent_to_another_site_by_where_they_came_from(string place)
    {
        using var visitor = new Visitor(shared.House);
        var escaped = Uri.EscapeDataString(place);

        (await visitor.GetAsync($"/sign-in?return={escaped}")).ShouldBeOk().Text.ShouldContain("data-then=\"/console\"");
        using var chosen = await visitor.Http.PostAsync(
            "/preferences", new FormUrlEncodedContent([KeyValuePair.Create("theme", "dark"), KeyValuePair.Create("return", place)]));
        chosen.Headers.Location!.OriginalString.ShouldBe("/");
        visitor.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{TestHouse.AdminKey}")));
        (await visitor.GetAsync($"/sign-in-by-key?return={escaped}")).Response.Headers.Location!.OriginalString.ShouldBe("/");
    }

    [Fact]
    public async Task Who_has_an_admin_key_signs_in_with_it_in_a_browser()
    {
        var house = shared.House;
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-in"), password: ("me", TestHouse.AdminKey));
        await watched.Page.GotoAsync(new Uri(house.Address, "/contracts").ToString());
        new Uri(watched.Page.Url).AbsolutePath.ShouldBe("/sign-in");

        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Use it here" }).ClickAsync();
        await watched.Page.WaitForURLAsync("**/contracts");

        // And goes on to whichever other page.
        (await watched.Page.GotoAsync(new Uri(house.Address, "/console/demo/keys").ToString()))!.Status.ShouldBe(200);
        new Uri(watched.Page.Url).AbsolutePath.ShouldBe("/console/demo/keys");
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("x' onerror='alert(1)")]
    [InlineData("x\"><img>")]
    [InlineData("javascript:alert(1)//<")]
    public void A_model_cannot_be_called_so(string name)
    {
        var yaml = Samples.TwoCloudsYaml.Replace("vectors: {", $"'{name.Replace("'", "''", StringComparison.Ordinal)}': {{", StringComparison.Ordinal);
        yaml.ShouldNotBe(Samples.TwoCloudsYaml);
        GovernHouse.Read(yaml).Errors.ShouldContain(error => error.ToString().Contains("letters, digits and ."));
    }

    /// <summary>Calls that ask for models of such names, which the operator sees among those that failed.</summary>
    static async Task CallAsync(TestHouse house)
    {
        using var client = house.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", Payloads[1]);
        foreach (var payload in Payloads)
        {
            using var answer = await client.PostAsync("/v1/chat/completions", new StringContent(new JsonObject
            {
                ["model"] = payload,
                ["user"] = payload,
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = payload }),
            }.ToJsonString()));
            ((int)answer.StatusCode).ShouldBe(404);
        }
    }

    static async Task WriteEverywhereAsync(Visitor owner, string organisation)
    {
        var path = $"/api/organisations/{organisation}";
        foreach (var payload in Payloads)
        {
            var project = (await owner.PostAsync($"{path}/projects", new() { ["name"] = payload })).ShouldBeOk().Json["id"];
            (await owner.PostAsync($"{path}/projects/{project}/keys", new() { ["name"] = payload })).ShouldBeOk();
            (await owner.PostAsync(
                $"{path}/budgets", new() { ["name"] = payload, ["measure"] = "requests", ["period"] = "total", ["limit"] = 9 })).ShouldBeOk();
        }

        foreach (var payload in Payloads.Take(10))
        {
            (await owner.PostAsync(
                $"{path}/webhooks", new() { ["url"] = $"https://example.com/?x={payload}", ["name"] = payload })).ShouldBeOk();
            await owner.PostAsync($"{path}/invitations", new() { ["email"] = "\"<img/src=x>\"@example.com", ["role"] = "auditor" });
        }

        (await owner.PatchAsync(path, new() { ["name"] = Payloads[2] })).ShouldBeOk();
    }

    async Task<WatchedPage> OpenAsync(TestHouse house, Visitor visitor, string path)
    {
        var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-in"));
        await watched.Page.Context.AddCookiesAsync(
            [new Microsoft.Playwright.Cookie { Name = "sahab", Value = visitor.Cookie, Url = house.Address.ToString(), HttpOnly = true }]);
        await watched.Page.GotoAsync(new Uri(house.Address, path).ToString());
        return watched;
    }

    static async Task LookAsync(WatchedPage watched, Uri address)
    {
        await watched.Page.GotoAsync(address.ToString());
        (await watched.Page.TitleAsync()).ShouldNotBe("owned", address.ToString());
        (await watched.Page.Locator("main script, main iframe, main base, main [onerror], main [onload], main [onfocus]").CountAsync())
            .ShouldBe(0, address.ToString());
        new Uri(watched.Page.Url).Host.ShouldBe(address.Host, address.ToString());
    }

    static string YamlOf(string cloud) => $$"""
        providers:
          one: { credentials: { env: CLOUD_KEY }, regions: { x: { country: "NO", base_url: "{{cloud}}" } } }
        models: { small: {} }
        deployments: { one: { provider: one, region: x, model: small, price: { prompt: 1, output: 1 } } }
        tenants: { demo: { keys: { demo: { secret: { env: DEMO_KEY } } } }, operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } } }
        """;
}
