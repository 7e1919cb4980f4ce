using System.Net.Http.Json;
using System.Reflection;
using Microsoft.Playwright;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Portal;

public sealed class AccessibilityTests(Browser browser) : IClassFixture<Browser>
{
    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_pages_keep_the_rules_of_accessibility(int width, ColorScheme colours)
    {
        await using var house = await TestHouse.StartAsync();
        using var client = house.Client();
        using var call = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "small", messages = new[] { new { role = "user", content = "Hello" } } });
        var id = call.Headers.GetValues("x-request-id").Single();
        await using var watched = await browser.OpenAsync(house.Address, width, 900, colours);
        var page = watched.Page;
        await Assertions.Expect(page.Locator("#connection")).ToHaveAttributeAsync(
            "data-state", "live", new() { Timeout = 60_000 });

        foreach (var path in new[] { "/", $"/calls/{id}", "/deployments/azure-us" })
        {
            await page.GotoAsync(new Uri(house.Address, path).ToString());
            (await ViolationsAsync(page)).ShouldBeEmpty(path);
        }
    }

    [Fact]
    public async Task Everything_can_be_reached_with_the_keyboard()
    {
        await using var house = await TestHouse.StartAsync();
        await using var watched = await browser.OpenAsync(house.Address);
        var reached = new List<string>();
        for (var press = 0; press < 30; press++)
        {
            await watched.Page.Keyboard.PressAsync("Tab");
            reached.Add(await watched.Page.EvaluateAsync<string>(
                "`${document.activeElement.tagName} ${document.activeElement.textContent.trim().slice(0, 20)}`"));
        }

        reached[0].ShouldBe("A Skip to the content");
        reached.ShouldContain("A Sahab");
        reached.ShouldContain("A azure-us");
        reached.Count(one => one.StartsWith("SELECT", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(3);
    }

    internal static async Task<string[]> ViolationsAsync(IPage page)
    {
        await page.EvaluateAsync(Axe());
        return await page.EvaluateAsync<string[]>(
            """
            async () => (await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }))
              .violations.map(v => `${v.id}: ${v.nodes.map(n => n.target + " " + n.failureSummary).join("; ")}`)
            """);
    }

    static string Axe()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("axe.min.js")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
