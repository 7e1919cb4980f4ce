using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Sahab.Server.Portal;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Portal;

public sealed class ViewerGateTests
{
    static readonly string[] Guarded = ["/", "/metrics", "/deployments/azure-us", "/live"];

    [Fact]
    public async Task A_server_that_listens_beyond_this_machine_asks_viewers_for_an_admin_key()
    {
        await using var house = await TestHouse.StartAsync(listen: "0.0.0.0:0");

        foreach (var path in Guarded)
        {
            using var refused = await GetAsync(house, path);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            refused.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Basic");
            using var tenant = await GetAsync(house, path, Basic(TestHouse.DemoKey));
            tenant.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            using var wrong = await GetAsync(house, path, Basic("sk-guess"));
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            using var operators = await GetAsync(house, path, Basic(TestHouse.AdminKey));
            operators.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var bearer = await GetAsync(house, path, new("Bearer", TestHouse.AdminKey));
            bearer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Health_checks_stay_open_and_the_front_door_keeps_its_own_rules()
    {
        await using var house = await TestHouse.StartAsync(listen: "0.0.0.0:0");

        foreach (var path in new[] { "/healthz", "/readyz" })
        {
            using var response = await GetAsync(house, path);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var models = await GetAsync(house, "/v1/models", new("Bearer", TestHouse.DemoKey));
        models.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var status = await GetAsync(house, "/api/status", Basic(TestHouse.AdminKey));
        status.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        status.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Bearer");
    }

    [Fact]
    public async Task On_this_machine_the_pages_are_open_but_not_to_a_proxy_or_under_a_foreign_name()
    {
        await using var house = await TestHouse.StartAsync();
        using var open = await GetAsync(house, "/");
        open.StatusCode.ShouldBe(HttpStatusCode.OK);
        open.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'none'");

        using var forwarded = await GetAsync(house, "/", header: ("X-Forwarded-For", "203.0.113.7"));
        forwarded.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var renamed = await GetAsync(house, "/", header: ("Host", "rebound.example"));
        renamed.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var malformed = await GetAsync(house, "/", new("Basic", "%%%"), ("Host", "rebound.example"));
        malformed.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("/console")]
    [InlineData("/account")]
    [InlineData("/")]
    public async Task On_this_machine_a_browser_whose_session_has_ended_signs_in_anew_and_is_not_made_the_operator(string path)
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        time.Pass(Session.IdleLife);

        // What is no page that people look at takes nothing away: the page after it is not the operator's.
        (await kim.GetAsync("/live")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await kim.GetAsync("/api/organisations")).ShouldBe(401, "session_ended");
        (await kim.GetAsync("/status")).ShouldBeOk().Text.ShouldNotContain("/operator");
        kim.Cookie.ShouldNotBeEmpty();

        var answer = await kim.SendAsync(HttpMethod.Get, path + "?all", null, null, ("Accept", "text/html"));
        answer.Status.ShouldBe(HttpStatusCode.Redirect);
        answer.Response.Headers.Location!.OriginalString.ShouldBe($"/sign-in?return={Uri.EscapeDataString(path + "?all")}");
        kim.Cookie.ShouldBeEmpty();

        // Who then says nothing is who they would have been without all this.
        (await kim.GetAsync("/")).ShouldBeOk();
        (await kim.SignInAsync("kim@example.com")).ShouldBeOk();
        (await kim.GetAsync("/")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_session_that_was_ended_elsewhere_makes_nobody_the_operator_and_an_admin_key_still_does()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        using var phone = new Visitor(house);
        (await phone.SignInAsync("kim@example.com")).ShouldBeOk();
        (await kim.DeleteAsync("/api/account/sessions")).ShouldBeOk();

        (await phone.GetAsync("/")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await phone.SendAsync(HttpMethod.Get, "/", null, null, ("Authorization", Basic(TestHouse.AdminKey).ToString())))
            .ShouldBeOk();
    }

    [Fact]
    public async Task A_live_page_is_judged_anew_each_minute_and_an_ended_session_brings_no_dialog_for_a_password()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        await OperatorHouse.MakeOperatorAsync(house, "kim@example.com", "operations");
        using var phone = new Visitor(house);
        (await phone.SignInAsync("kim@example.com")).ShouldBeOk();
        using var live = await kim.Http.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead);
        live.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await phone.DeleteAsync("/api/account/sessions")).ShouldBeOk();

        var told = live.Content.ReadAsStringAsync();
        time.Pass(LiveStream.MaxLife - TimeSpan.FromSeconds(1));
        told.IsCompleted.ShouldBeFalse();
        time.Pass(TimeSpan.FromSeconds(1));
        (await told.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System)).ShouldStartWith("retry: 1000\n\n");

        foreach (var header in new[] { ("Accept", "text/event-stream"), ("Sec-Fetch-Mode", "cors") })
        {
            var again = await kim.SendAsync(HttpMethod.Get, "/live", null, null, header);
            again.Status.ShouldBe(HttpStatusCode.Unauthorized);
            again.Response.Headers.WwwAuthenticate.ShouldBeEmpty();
        }

        (await kim.SendAsync(HttpMethod.Get, KeySignIn.Path, null, null, ("Sec-Fetch-Mode", "navigate")))
            .Response.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Basic");
    }

    static AuthenticationHeaderValue Basic(string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{password}")));

    static async Task<HttpResponseMessage> GetAsync(
        TestHouse house, string path, AuthenticationHeaderValue? authorization = null,
        (string Name, string Value)? header = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new UriBuilder(house.Address) { Host = "127.0.0.1", Path = path }.Uri);
        request.Headers.Authorization = authorization;
        if (header is { } extra)
        {
            request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
