using Microsoft.Playwright;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Portal;

namespace Sahab.Server.Tests.Capacity;

/// <summary>The pages of reserved capacity, in a real browser.</summary>
public sealed class CapacityPageTests(Browser browser) : IClassFixture<Browser>
{
    [Theory]
    [InlineData(1440, ColorScheme.Light, "en")]
    [InlineData(390, ColorScheme.Dark, "ar")]
    public async Task A_customer_reserves_and_the_operator_sees_what_is_sold_and_the_pages_are_accessible(
        int width, ColorScheme colours, string language)
    {
        await using var house = await TestHouse.StartAsync(CapacityHouse.Yaml);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"), width, 900, colours);
        var page = watched.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await ConsoleTests.SignUpAsync(page);
        await ConsoleTests.NewOrganisationAsync(page, "Acme");
        var home = new Uri(page.Url).AbsolutePath;
        await page.Context.AddCookiesAsync(
            [new Cookie { Name = "sahab-language", Value = language, Url = house.Address.ToString() }]);
        await page.GotoAsync(new Uri(house.Address, home + "/capacity").ToString());
        await page.Locator("input[name=units]").FillAsync("13");
        await page.Locator("form button.main").ClickAsync();
        await Assertions.Expect(page.Locator("form.narrow-form [role=alert]")).ToContainTextAsync("12 are");
        await page.Locator("input[name=units]").FillAsync("9");
        await page.Locator("form button.main").ClickAsync();
        await Assertions.Expect(page.Locator(".tiles li")).ToContainTextAsync("900");
        await CheckAsync(page, width, "capacity");

        // Nobody is operator yet but who holds the admin key; the local viewer sees what an operator sees.
        await using var operating = await browser.OpenAsync(new Uri(house.Address, "/operator/capacity"), width, 900, colours);
        await operating.Page.Context.AddCookiesAsync(
            [new Cookie { Name = "sahab-language", Value = language, Url = house.Address.ToString() }]);
        await operating.Page.ReloadAsync();
        await Assertions.Expect(operating.Page.Locator("main")).ToContainTextAsync("1,200");
        await CheckAsync(operating.Page, width, "operator");
        if (Environment.GetEnvironmentVariable("SAHAB_PICTURES") is { } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"capacity-{width}-{language}.png"), FullPage = true });
            await operating.Page.ScreenshotAsync(
                new() { Path = Path.Combine(folder, $"sold-{width}-{language}.png"), FullPage = true });
        }
    }

    static async Task CheckAsync(IPage page, int width, string name)
    {
        (await AccessibilityTests.ViolationsAsync(page)).ShouldBeEmpty(name);
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, name);
    }
}
