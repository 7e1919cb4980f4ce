using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sahab.Planning.Simulation;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Portal;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Portal;
using Spectre.Console;

namespace Sahab.Server.Tests.Scenarios;

public sealed partial class SimulationPageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task The_page_has_the_figures_of_the_report()
    {
        using var folder = new TemporaryFolder();

        var text = await PageAsync(folder, "samples/scenarios/three-workloads.yaml", "--optimum", "--seeds", "2");

        // Several seeds are as many objects; details are of the first.
        var json = await File.ReadAllTextAsync(folder.PathOf("out.json"));
        var found = JsonNode.Parse(json[..(json.IndexOf("\n}\n", StringComparison.Ordinal) + 2)])!;
        foreach (var policy in found["policies"]!.AsArray())
        {
            var report = policy!["report"]!;
            text.ShouldContain((string)report["policy"]!);
            text.ShouldContain(((double)policy["regret"]!).ToString("0.0000", CultureInfo.InvariantCulture));
            string[] costs = ["total_usd", "usage_usd", "reserved_usd", "shortfall_usd"];
            costs.ShouldAllBe(cost => text.Contains(Usd(report["cost"]![cost]!)));
            report["contracts"]!.AsArray().ShouldAllBe(each => text.Contains(Usd(each!["total_usd"]!)));
            report["commitments"]!.AsArray().ShouldAllBe(each =>
                text.Contains(Usd(each!["committed_usd"]!)) && text.Contains(Usd(each["drawn_usd"]!)));
            report["deployments"]!.AsArray().ShouldAllBe(each => text.Contains(Usd(each!["usage_usd"]!)));
            report["tiers_of_tenants"]!.AsArray().ShouldAllBe(each =>
                text.Contains(((long)each!["calls"]!).ToString("#,0", CultureInfo.InvariantCulture)));
            text.ShouldContain(Usd(report["spill"]!["usage_usd"]!));
        }

        var optimum = found["optimum"]!;
        text.ShouldContain(Usd(optimum["cost"]!["total_usd"]!));
        optimum["commitments"]!.AsArray().ShouldAllBe(each =>
            text.Contains(((double)each!["lambda"]!).ToString("0.0000", CultureInfo.InvariantCulture)));
        text.ShouldContain("2 seeds");
        text.ShouldContain("All tiers met");
    }

    [Fact]
    public async Task The_page_needs_nothing_from_outside_and_no_script()
    {
        using var folder = new TemporaryFolder();

        await PageAsync(folder, "samples/scenarios/shortfall.yaml");

        var html = await File.ReadAllTextAsync(folder.PathOf("found.html"));
        html.ShouldNotContain("<script");
        html.ShouldNotContain("<link");
        html.ShouldNotMatch("(src|href)=|url\\(|https?://");
        html.Length.ShouldBeLessThan(1 << 20);
        PathData().Count(html).ShouldBeGreaterThanOrEqualTo(4);
        PathData().Matches(html).ShouldAllBe(path => path.Value.Count(each => each == 'L') < SimulationCourse.MaxPoints);
    }

    [Fact]
    public async Task Names_that_look_like_markup_are_text()
    {
        using var folder = new TemporaryFolder();
        folder.Write("bad.yaml", (await File.ReadAllTextAsync(Repository.PathOf("samples/scenarios/shortfall.yaml")))
            .Replace("../traces/", Repository.PathOf("samples/traces/"), StringComparison.Ordinal)
            .Replace("name: Shortfall", "name: \"<script>alert('x')</script></title>\"", StringComparison.Ordinal));

        var text = await PageAsync(folder, folder.PathOf("bad.yaml"));

        text.ShouldContain("<script>alert('x')</script>");
        (await File.ReadAllTextAsync(folder.PathOf("found.html"))).ShouldNotContain("<script");
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_page_is_accessible_and_fits_a_phone(int width, ColorScheme colours)
    {
        using var folder = new TemporaryFolder();
        await PageAsync(folder, "samples/scenarios/three-workloads.yaml", "--optimum");

        await using var watched = await browser.OpenAsync(
            new Uri("file://" + folder.PathOf("found.html")), width, 900, colours);

        await Assertions.Expect(watched.Page.Locator("h1")).ToHaveTextAsync("Three workloads");
        await Assertions.Expect(watched.Page.Locator(".plot svg").First).ToBeVisibleAsync();
        (await watched.Page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        (await AccessibilityTests.ViolationsAsync(watched.Page)).ShouldBeEmpty();
        watched.Errors.ShouldBeEmpty();
        watched.Requests.ShouldAllBe(request => request.Scheme == "file");
    }

    [Fact]
    public void A_line_breaks_where_nothing_is_told_and_the_scale_is_round()
    {
        var line = new ChartLine("policy", "c0", [0, 7.3, null, 3.65, 7.3]);
        var chart = new CourseChart([0, 1, 2, 3, 4], [line]);

        (chart.Top, chart.LastHour).ShouldBe((8, 4));
        chart.PathOf(line).ShouldBe("M0 200L250 17.5M750 108.8L1000 17.5");
        new CourseChart([0], [new ChartLine("none", "c0", [null])]).Top.ShouldBe(1);
    }

    static async Task<string> PageAsync(TemporaryFolder folder, string scenario, params string[] options)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        var code = await SimulateCommand.Create(console, TimeProvider.System).Parse(
        [
            Repository.PathOf(scenario), "--scale", "0.001", "--policies", "lowest_price,least_cost",
            "--page", folder.PathOf("found.html"), "--json", folder.PathOf("out.json"), .. options,
        ]).InvokeAsync();
        code.ShouldBe(0, writer.ToString());
        var html = await File.ReadAllTextAsync(folder.PathOf("found.html"));
        return WebUtility.HtmlDecode(Tag().Replace(html, " "));
    }

    static string Usd(JsonNode amount) => SimulationFindings.Usd((decimal)amount);

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("<path class=\"line[^>]*>")]
    private static partial Regex PathData();
}
