using Microsoft.Playwright;
using Sahab.Server.Tests.Commitments;

namespace Sahab.Server.Tests.Portal;

public sealed class ContractPageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task The_page_says_what_will_be_missed_what_it_costs_and_from_when_it_is_out_of_reach()
    {
        await using var house = await BurnDownHouse.StartAsync();
        await using var watched = await browser.OpenAsync(house.Address);
        var page = watched.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Contracts", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".contracts > li")).ToHaveCountAsync(3);
        await Assertions.Expect(page.GetByText("No commitment: nothing has to be drawn.")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "cloud", Exact = true }).ClickAsync();

        await Assertions.Expect(page.Locator(".says")).ToHaveTextAsync(
            "At this pace 1.35 M$ of 5 M$ will be missed by 2027-06-30; that costs 1.35 M$. "
            + "From 2027-02-16 on it cannot be reached even at full use.");
        await Assertions.Expect(page.Locator(".commitment > .head .pill")).ToHaveTextAsync("will be missed");
        await Assertions.Expect(page.Locator(".burndown canvas")).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByText("agreement.pdf, page 4")).ToBeVisibleAsync();
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task A_figure_can_be_followed_down_to_the_calls_that_it_is_made_of()
    {
        await using var house = await BurnDownHouse.StartAsync();
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/contracts/cloud"));
        var page = watched.Page;

        await page.GetByRole(AriaRole.Link, new() { Name = "1.23 M$" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "2026-10-30" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Together $12,000.000000000.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "09:00" }).ClickAsync();
        await Assertions.Expect(page.GetByText("commitment:drawn:cloud:spend")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "09:30:00" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "azure-us" })).ToBeVisibleAsync();
        watched.AssertWellBehaved();
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_pages_are_accessible_and_fit_a_phone(int width, ColorScheme colours)
    {
        await using var house = await BurnDownHouse.StartAsync();
        await using var watched = await browser.OpenAsync(
            new Uri(house.Address, "/contracts"), width, 900, colours);
        foreach (var path in Paths)
        {
            await watched.Page.GotoAsync(new Uri(house.Address, path).ToString());
            (await AccessibilityTests.ViolationsAsync(watched.Page)).ShouldBeEmpty(path);
            (await watched.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"))
                .ShouldBeLessThanOrEqualTo(width, path);
        }

        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task What_is_not_there_is_said_to_be_so()
    {
        await using var house = await BurnDownHouse.StartAsync();
        using var client = house.Client();
        foreach (var path in (string[])
            ["/contracts/moon", "/contracts/cloud/drawn/moon", "/contracts/cloud/drawn/spend/tomorrow"])
        {
            using var response = await client.GetAsync(path);
            ((int)response.StatusCode).ShouldBe(404, path);
            (await response.Content.ReadAsStringAsync()).ShouldContain("Not found");
        }
    }

    static readonly string[] Paths =
    [
        "/contracts", "/contracts/cloud", "/contracts/large", "/contracts/quiet", "/contracts/cloud/drawn/spend",
        "/contracts/cloud/drawn/spend/2026-10-30", "/contracts/cloud/drawn/spend/2026-10-30/9",
    ];
}
