using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Security;

namespace Sahab.Server.Tests.Portal;

/// <summary>
/// Every page is opened three times, each time by a browser that has nothing of it yet: <c>bench/paint/run.sh</c> runs this
/// and shows the table.
/// </summary>
[Trait("Suite", "All")]
public abstract class FirstPaintTests(Browser browser)
{
    const int Calls = 100_000;

    const int Rounds = 3;

    const int MostMs = 1000;

    const string Folder = "artifacts/first-paint";

    /// <summary>What the portal sends besides pages.</summary>
    static readonly string[] NoPages = ["/assets/{**path}", "/live", "/metrics", "/sign-in-by-key"];

    /// <summary>When the first text or picture was there, and when all of the document was, in ms since it was asked for.</summary>
    const string Read = """
        async () => [
          await new Promise(resolve => new PerformanceObserver(list => list.getEntriesByName("first-contentful-paint")
            .forEach(paint => resolve(paint.startTime))).observe({ type: "paint", buffered: true })),
          performance.getEntriesByType("navigation")[0].responseEnd]
        """;

    /// <summary>A page, and where it is.</summary>
    /// <param name="Pattern">As the server has it.</param>
    /// <param name="Who">Who opens it; null: somebody who is not signed in.</param>
    sealed record Opened(string Pattern, string Path, Cookie? Who)
    {
        /// <summary>As the table names it.</summary>
        public string Name => Pattern + (Path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query ? Path[query..] : "");

        public List<double> PaintedMs { get; } = [];

        public List<double> DocumentMs { get; } = [];
    }

    [Fact]
    public async Task With_a_hundred_thousand_calls_in_the_store_every_page_shows_something_within_a_second()
    {
        await using var house = await BusyHouse.StartAsync(Calls, await DatabaseAsync());
        var pages = Pages(house);
        PortalPages.Of(house.House).Select(page => page.Pattern).Except(NoPages)
            .ShouldBe(pages.Select(page => page.Pattern).Distinct(), ignoreOrder: true);

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var page in pages)
            {
                await OpenAsync(house.House, page);
            }
        }

        var file = Path.Combine(Repository.PathOf(Folder), EngineName + ".md");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, Table(pages));

        // The best of three: what others do on this machine meanwhile is no fault of the page.
        pages.Where(page => page.PaintedMs.Min() > MostMs).Select(page => page.Name).ShouldBeEmpty(await File.ReadAllTextAsync(file));
    }

    protected abstract string EngineName { get; }

    /// <summary>The connection string of an empty database; null: SQLite.</summary>
    protected abstract Task<string?> DatabaseAsync();

    async Task OpenAsync(TestHouse house, Opened page)
    {
        await using var watched = await browser.OpenAsync(new Uri("about:blank"));
        if (page.Who is { } who)
        {
            await watched.Page.Context.AddCookiesAsync([who]);
        }

        (await watched.Page.GotoAsync(new Uri(house.Address, page.Path).ToString()))!.Status.ShouldBe(200, page.Name);
        var times = await watched.Page.EvaluateAsync<double[]>(Read);
        page.PaintedMs.Add(times[0]);
        page.DocumentMs.Add(times[1]);
    }

    static List<Opened> Pages(BusyHouse house)
    {
        var home = $"/console/{house.Organisation}";
        var draft = $"{home}/invoices/draft-{DateTime.UtcNow:yyyy-MM}";
        var (deployment, contract, commitment) = BusyHouse.Names;
        var drawn = $"/contracts/{contract}/drawn/{commitment}";
        var day = house.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return
        [
            .. By(null,
            [
                ("/status", "/status"), ("/prices", "/prices"), ("/subprocessors", "/subprocessors"), ("/sign-in", "/sign-in"),
                ("/sign-up", "/sign-up"),
            ]),
            .. By(house.Customer,
            [
                ("/account", "/account"), ("/console", "/console"), ("/console/{organisation}", home),
                .. ((string[])
                    ["quickstart", "playground", "keys", "budgets", "capacity", "members", "data", "webhooks", "audit", "invoices"])
                    .Select(room => ($"/console/{{organisation}}/{room}", $"{home}/{room}")),
                .. ((string[])["", "?group=key", "?group=project&show=tokens", "?period=24h", "?period=previous"])
                    .Select(query => ("/console/{organisation}/usage", $"{home}/usage{query}")),
                ("/console/{organisation}/usage/calls/{call:guid}", $"{home}/usage/calls/{house.Old}"),
                ("/console/{organisation}/webhooks/{webhook}", $"{home}/webhooks/{house.Webhook}"),
                ("/console/{organisation}/invoices/{number}", draft),
                ("/console/{organisation}/invoices/{number}/lines/{line:int}", draft + "/lines/1"),
            ]),
            .. By(house.Operator,
            [
                ("/", "/"), ("/deployments/{id}", $"/deployments/{deployment}"), ("/calls/{id:guid}", $"/calls/{house.New}"),
                ("/calls/{id:guid}", $"/calls/{house.Old}?old"), ("/contracts", "/contracts"), ("/contracts/{id}", $"/contracts/{contract}"),
                ("/contracts/{id}/drawn/{commitment}", drawn), ("/contracts/{id}/drawn/{commitment}/{day}", $"{drawn}/{day}"),
                ("/contracts/{id}/drawn/{commitment}/{day}/{hour:range(0,23)}", $"{drawn}/{day}/9"),
                ("/operator", "/operator"),
                .. ((string[])
                    [
                        "map", "calls", $"calls?day={day}", $"calls?day={day}&model=large", "incidents", "incidents?days=92",
                        "organisations", "invoices", "prices", "capacity", "margin", "margin?by=organisation&days=366",
                        "margin?by=contract&days=366", "reviews", "subprocessors", "audit", "audit?verify=yes",
                        "operators",
                    ])
                    .Select(place => ($"/operator/{place.Split('?')[0]}", $"/operator/{place}")),
                ("/operator/organisations/{id}", $"/operator/organisations/{house.Organisation}"),
                ("/operator/invoices/{number}", $"/operator/invoices/{house.Invoice}"),
            ]),
        ];
    }

    static IEnumerable<Opened> By(Cookie? who, IEnumerable<(string Pattern, string Path)> pages) =>
        pages.Select(page => new Opened(page.Pattern, page.Path, who));

    static string Table(List<Opened> pages)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"""
            Load average at the end: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}.

            | page | document, ms (median of {Rounds}) | first paint, ms (median of {Rounds}) | most |
            |---|---:|---:|---:|

            """);
        foreach (var page in pages.OrderByDescending(page => Median(page.PaintedMs)))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{page.Name}` | {Median(page.DocumentMs):0} | {Median(page.PaintedMs):0} | {page.PaintedMs.Max():0} |\n");
        }

        return text.ToString();
    }

    static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}

/// <summary>With a store in SQLite.</summary>
public sealed class FirstPaintOnSqliteTests(Browser browser) : FirstPaintTests(browser), IClassFixture<Browser>
{
    protected override string EngineName => "Sqlite";

    protected override Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);
}

/// <summary>With a store in PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class FirstPaintOnPostgresTests(Browser browser, PostgresServer server)
    : FirstPaintTests(browser), IClassFixture<Browser>
{
    protected override string EngineName => "Postgres";

    protected override async Task<string?> DatabaseAsync() => await server.CreateDatabaseAsync();
}
