using System.Net;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Telemetry;

namespace Sahab.Server.Tests.Tenants;

[Collection(AloneCollection.Name)]
public sealed class SignInMetricsTests
{
    const string Email = "kim@example.com";

    [Fact]
    public async Task Attempts_to_sign_in_are_counted_by_what_came_of_them_and_not_by_who_tried()
    {
        var time = new HandTime();
        await using var issuer = await TestIssuer.StartAsync(time);
        await using var house = await TestHouse.StartAsync(
            $$"""
            {{Samples.TwoCloudsYaml}}
            sign_in:
              { oidc: { test: { issuer: "{{issuer.Url}}", client_id: "{{TestIssuer.ClientId}}", client_secret: { env: CLOUD_KEY } } } }
            """,
            time: time);
        using var other = new Visitor(house);
        var sent = await other.GetAsync("/api/sign-in/issuers/test");
        sent.Status.ShouldBe(HttpStatusCode.Redirect, sent.Text);
        var back = new Uri(issuer.Consent(sent.Response.Headers.Location!.ToString())).PathAndQuery;
        (await other.GetAsync(back)).Status.ShouldBe(HttpStatusCode.Redirect);
        (await other.GetAsync(back)).ShouldBe(400, "sign_in_round_over");
        (await other.GetAsync("/api/sign-in/issuers/test/callback?error=access_denied&state=x")).ShouldBe(400, "sign_in_refused");

        using var known = await Visitor.SignUpAsync(house, "known@example.com");
        (await other.SignInAsync("known@example.com")).ShouldBeOk();
        for (var attempt = 0; attempt < SignInDesk.AttemptsOfUser; attempt++)
        {
            (await other.SignInAsync(Email, "wrong horse battery")).ShouldBe(401, "sign_in_failed");
        }

        (await other.SignInAsync(Email)).ShouldBe(429, "too_many_requests");

        var signIns = await CountsAsync(house);
        (signIns.Sum("", ("method", "oidc"), ("outcome", "ok")), signIns.Sum("", ("method", "oidc"), ("outcome", "refused")))
            .ShouldBe((1, 2));
        signIns.Sum("", ("method", "password"), ("outcome", "ok")).ShouldBe(1);
        signIns.Sum("", ("method", "password"), ("outcome", "refused")).ShouldBe(SignInDesk.AttemptsOfUser);
        signIns.Sum("", ("method", "password"), ("outcome", "limited")).ShouldBe(1);
        signIns.Series.ShouldAllBe(series => series.Tags.Count == 2);
    }

    static async Task<MetricFamily> CountsAsync(TestHouse house)
    {
        using var admin = Visitor.Admin(house);
        return MetricFamily.ParseAll((await admin.GetAsync("/metrics")).ShouldBeOk().Text)["sahab_sell_sign_ins_total"];
    }
}
