using System.Text.RegularExpressions;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Portal;

/// <summary>Lists that are longer than a page shows at once.</summary>
public sealed class ListPartsTests
{
    [Fact]
    public async Task A_list_goes_on_by_a_link_until_all_was_shown()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        var organisation = await kim.FoundAsync("Acme");
        for (var number = 0; number < ConsolePagesApi.MostRows; number++)
        {
            (await kim.PostAsync($"/api/organisations/{organisation}/projects", new() { ["name"] = $"Project {number}" })).ShouldBeOk();
        }

        var (path, shown, pages) = ((string?)$"/console/{organisation}", new List<string>(), 0);
        while (path is not null)
        {
            var page = (await kim.GetAsync(path)).ShouldBeOk().Text;
            shown.AddRange(Regex.Matches(page, "<td class=\"id\">([^<]+)</td>").Select(match => match.Groups[1].Value));
            var next = Regex.Match(page, "<a href=\"([^\"]+)\" rel=\"next\">");
            path = next.Success ? next.Groups[1].Value : null;
            pages++;
        }

        pages.ShouldBe(2);
        shown.Count.ShouldBe(ConsolePagesApi.MostRows + 1);
        shown.Distinct().Count().ShouldBe(shown.Count);
    }

    [Fact]
    public async Task Keys_that_were_revoked_come_after_the_others_whatever_part_is_read()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, "kim@example.com");
        var organisation = await kim.FoundAsync("Acme");
        var keys = $"/api/organisations/{organisation}/projects/{await FirstProjectAsync(kim, organisation)}/keys";
        var made = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            made.Add((await kim.PostAsync(keys, new() { ["name"] = $"key {number}" })).ShouldBeOk().Json["id"]!.ToString());
        }

        foreach (var revoked in new[] { made[0], made[2] })
        {
            (await kim.PostAsync($"{keys}/{revoked}/revoke", [])).ShouldBeOk();
        }

        var store = house.Get<KeyStore>();
        foreach (var limit in new[] { 1, 2, 3, 5 })
        {
            var (read, after) = (new List<string>(), (string?)"");
            while (after is not null)
            {
                var part = await store.ListGoodFirstAsync(organisation, new ListPage(limit, after), CancellationToken.None);
                read.AddRange(part.Take(limit).Select(key => key.Id));
                after = part.Count > limit ? KeyStore.MarkOf(part[limit - 1]) : null;
            }

            read.ShouldBe([made[1], made[3], made[4], made[0], made[2]], $"by {limit}");
        }
    }

    static Task<string> FirstProjectAsync(Visitor visitor, string organisation) =>
        Security.Neighbours.FirstProjectAsync(visitor, organisation);
}
