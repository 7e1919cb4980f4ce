using System.Net.Http.Json;
using Microsoft.Playwright;
using Sahab.Emulator.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Portal;

public sealed class LivePageTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>Spreads the calls, so that every cloud gets some, and opens at the first failure for the whole test.</summary>
    const string QuickBreaker =
        "routing: { policy: weighted-shuffle, breaker: { failures: 1, open_for: 10m, max_open_for: 10m } }";

    [Fact]
    public async Task The_page_shows_a_call_within_three_seconds_without_a_reload()
    {
        await using var house = await TestHouse.StartAsync();
        await using var watched = await browser.OpenAsync(house.Address);
        var page = watched.Page;
        await Assertions.Expect(page.GetByText("No calls yet.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#connection")).ToHaveAttributeAsync("data-state", "live", Within(60));

        await CallAsync(house);

        await Assertions.Expect(page.Locator(".calls > li")).ToHaveCountAsync(
            1, new LocatorAssertionsToHaveCountOptions { Timeout = 3000 });
        await page.Locator(".calls summary").ClickAsync();
        await page.GetByText("All about this call").ClickAsync();
        await Assertions.Expect(page.Locator(".attempts > li")).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByText("answered in full")).ToBeVisibleAsync();
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task What_the_reader_folded_out_stays_so_while_the_page_moves_on()
    {
        await using var house = await TestHouse.StartAsync();
        await CallAsync(house);
        await using var watched = await browser.OpenAsync(house.Address);
        var page = watched.Page;
        await Assertions.Expect(page.Locator("#connection")).ToHaveAttributeAsync("data-state", "live", Within(60));
        await page.Locator(".calls summary").First.ClickAsync();

        await CallAsync(house);
        await Assertions.Expect(page.Locator(".calls > li")).ToHaveCountAsync(2);

        await Assertions.Expect(page.Locator(".calls > li").Nth(1).Locator("details")).ToHaveAttributeAsync("open", "");
        (await page.Locator(".chart canvas").CountAsync()).ShouldBe(3);
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task A_cloud_that_is_down_shows_an_open_breaker_and_the_reason()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml + "\n" + QuickBreaker);
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Down });
        await using var watched = await browser.OpenAsync(house.Address);
        var row = watched.Page.Locator("tr[data-key^=azure]").Filter(new() { HasText = "could not be reached" }).First;
        for (var call = 0; call < 20; call++)
        {
            await CallAsync(house);
        }

        await Assertions.Expect(row).ToBeVisibleAsync(new() { Timeout = 5000 });
        await Assertions.Expect(row.Locator(".pill")).ToHaveTextAsync("open");
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task Filters_are_kept_in_the_address_and_hold_from_the_first_byte()
    {
        await using var house = await TestHouse.StartAsync();
        await CallAsync(house);
        await CallAsync(house, model: "nobody-has-this");
        await using var watched = await browser.OpenAsync(house.Address);
        var page = watched.Page;
        await Assertions.Expect(page.Locator(".calls > li")).ToHaveCountAsync(2);

        await page.GetByLabel("Status").SelectOptionAsync("refused");

        await Assertions.Expect(page.Locator(".calls > li")).ToHaveCountAsync(1);
        page.Url.ShouldEndWith("/?status=refused");
        await using var again = await browser.OpenAsync(new Uri(page.Url), scripts: false);
        await Assertions.Expect(again.Page.Locator(".calls > li")).ToHaveCountAsync(1);
        await Assertions.Expect(again.Page.GetByLabel("Status")).ToHaveValueAsync("refused");
        watched.AssertWellBehaved();
    }

    [Theory]
    [InlineData(390)]
    [InlineData(320)]
    public async Task A_phone_need_not_scroll_sideways(int width)
    {
        await using var house = await TestHouse.StartAsync();
        await CallAsync(house);
        await using var watched = await browser.OpenAsync(house.Address, width, 844);
        var page = watched.Page;
        await Assertions.Expect(page.Locator(".calls > li")).ToHaveCountAsync(1);
        await page.Locator(".calls summary").ClickAsync();

        foreach (var path in new[] { "/", "/deployments/azure-us" })
        {
            await page.GotoAsync(new Uri(house.Address, path).ToString());
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        }

        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task An_unknown_call_or_deployment_is_said_to_be_so()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = house.Client();

        foreach (var path in new[] { "/calls/01900000-0000-7000-8000-000000000000", "/deployments/moon-base" })
        {
            using var response = await client.GetAsync(path);

            ((int)response.StatusCode).ShouldBe(404);
            (await response.Content.ReadAsStringAsync()).ShouldContain("Not found");
        }
    }

    static LocatorAssertionsToHaveAttributeOptions Within(int seconds) => new() { Timeout = seconds * 1000 };

    static async Task CallAsync(TestHouse house, string model = "small")
    {
        using var client = house.Client();
        using var response = await client.PostAsJsonAsync(
            "/v1/chat/completions", new { model, messages = new[] { new { role = "user", content = "Hello" } } });
    }
}
