using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Capacity;

/// <summary>That what was reserved is there when everybody wants the model, with emulated clouds.</summary>
public sealed class CapacityAdmissionTests
{
    [Fact]
    public async Task Who_has_reserved_gets_it_while_others_fill_the_model_and_pays_no_more_for_it_and_when_it_ends_it_is_gone()
    {
        await using var house = await CapacityHouse.StartAsync();
        using var demo = house.House.Client();
        using var others = house.House.Client(TestHouse.AdminKey);
        await house.ReservedAsync(12);

        (await FillAsync(others)).ShouldBeGreaterThan(0);
        var taken = await TokensAsync(house);
        taken.ShouldNotContainKey("reserved");
        taken["default"].ShouldBeInRange(1000, 1200);

        // All the time the others go on asking, and get nothing.
        while (taken.GetValueOrDefault("reserved") < 1100)
        {
            (await CallAsync(demo)).ShouldBe(HttpStatusCode.OK);
            (await CallAsync(others)).ShouldBe(HttpStatusCode.TooManyRequests);
            taken = await TokensAsync(house);
        }

        taken["reserved"].ShouldBeLessThanOrEqualTo(1200);
        (await Books.ReadEventsAsync(house.House.Get<UsageStore>())).Where(usage => usage.Tenant == "demo")
            .ShouldAllBe(usage => usage.ServiceTier == "reserved");
        (await house.House.Get<UsageStore>().BalancesAsync(CancellationToken.None))
            .ShouldNotContain(balance => balance.Account == "receivable:demo" && balance.Usd != 0);

        // Two minutes later there is room again; when the term has ended the others may have it all.
        house.Time.Pass(TimeSpan.FromDays(1));
        await house.CatchUpAsync();
        var before = (await TokensAsync(house))["default"];
        await FillAsync(others);
        ((await TokensAsync(house))["default"] - before).ShouldBeInRange(2200, 2400);
        (await CallAsync(demo)).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task What_is_used_beyond_what_was_reserved_is_charged_as_usual()
    {
        await using var house = await CapacityHouse.StartAsync();
        using var demo = house.House.Client();
        await house.ReservedAsync(1);
        await house.ReservedAsync(2);

        await FillAsync(demo);

        var taken = await TokensAsync(house);
        taken["reserved"].ShouldBeInRange(200, 300);
        taken["default"].ShouldBeGreaterThan(500);
        (await house.House.Get<UsageStore>().BalancesAsync(CancellationToken.None))
            .Single(balance => balance.Account == "receivable:demo").Usd.ShouldBeGreaterThan(0);

        // Both reservations are of one thing, of which a part is used.
        var page = await house.Client.GetStringAsync(new Uri("/console/demo/capacity", UriKind.Relative));
        var shares = Regex.Matches(page, "([0-9]+)% of the last minute used")
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        shares.Length.ShouldBe(2);
        shares.ShouldAllBe(share => share > 60 && share <= 100);
    }

    [Fact]
    public async Task A_project_has_what_was_reserved_for_it_and_the_rest_of_the_organisation_does_not()
    {
        await using var house = await CapacityHouse.StartAsync();
        using var demo = house.House.Client();
        var made = await house.SendAsync(
            HttpMethod.Post, "api/organisations/demo/projects", new { name = "another" });
        (await house.ReserveAsync(12, project: made.Body["id"]!.ToString())).Status.ShouldBe(HttpStatusCode.OK);

        await FillAsync(demo);
        (await TokensAsync(house)).ShouldNotContainKey("reserved");

        (await house.ReserveAsync(12, from: "2026-01-02", project: "default")).Status.ShouldBe(HttpStatusCode.OK);
        house.Time.Pass(TimeSpan.FromDays(1));
        await house.CatchUpAsync();
        await FillAsync(demo);
        (await TokensAsync(house))["reserved"].ShouldBeInRange(1000, 1200);
    }

    /// <summary>Calls until there is no room; how many had some.</summary>
    static async Task<int> FillAsync(HttpClient client)
    {
        for (var calls = 0; ; calls++)
        {
            if (await CallAsync(client) != HttpStatusCode.OK)
            {
                return calls;
            }
        }
    }

    static async Task<HttpStatusCode> CallAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("/v1/chat/completions", new
        {
            model = "small",
            max_tokens = 20,
            messages = new[] { new { role = "user", content = "Is there room for this?" } },
        });
        return response.StatusCode;
    }

    /// <summary>The tokens that were used, by the tier that they are sold by.</summary>
    static async Task<Dictionary<string, long>> TokensAsync(CapacityHouse house)
    {
        await house.House.CallsAsync();
        await house.House.DrainLedgerAsync();
        return (await Books.ReadEventsAsync(house.House.Get<UsageStore>())).GroupBy(usage => usage.ServiceTier)
            .ToDictionary(group => group.Key, group => group.Sum(usage => usage.Usage.TotalTokens));
    }
}
