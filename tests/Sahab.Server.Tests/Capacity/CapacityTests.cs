using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Webhooks;

namespace Sahab.Server.Tests.Capacity;

/// <summary>Reserved capacity, from its offer to its invoice, through the real server.</summary>
public sealed class CapacityTests : IAsyncLifetime
{
    CapacityHouse _house = null!;

    public async Task InitializeAsync() => _house = await CapacityHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task What_is_offered_says_its_price_and_how_much_of_it_is_free_for_each_term()
    {
        await _house.ReservedAsync(5);
        await _house.ReservedAsync(4, from: "2026-01-03");

        var offer = (await _house.SendAsync(HttpMethod.Get, $"{CapacityHouse.Reservations}/offers?units=8"))
            .Body["data"]!.AsArray().ShouldHaveSingleItem()!;
        ((long)offer["unit_tokens_per_minute"]!).ShouldBe(100);
        ((long)offer["available_now"]!).ShouldBe(7);
        var terms = offer["terms"]!.AsArray().ToDictionary(term => term!["id"]!.ToString());
        ((long)terms["day"]!["available_units"]!).ShouldBe(7);
        terms["day"]!["first_room_at"]!.ToString().ShouldBe("2026-01-02T00:00:00Z");
        terms["day"]!["unit_price_usd"]!.ToString().ShouldBe("3");
        terms["quarter"]!["first_room_at"]!.ToString().ShouldBe("2026-01-02T00:00:00Z");
        var binding = terms["quarter"]!["binding"]!;
        binding.AsObject().Select(member => member.Key).ShouldBe(["from", "until", "failure_domain", "free"]);
        (binding["failure_domain"]!.ToString(), (long)binding["free"]!).ShouldBe(("azure", 700));
        ((long)(await _house.SendAsync(HttpMethod.Get, $"{CapacityHouse.Reservations}/offers?from=2026-01-02T12:00Z"))
            .Body["data"]![0]!["terms"]![0]!["available_units"]!).ShouldBe(8);
    }

    [Fact]
    public async Task No_more_is_sold_than_is_left_when_a_cloud_fails_and_the_refusal_says_what_binds_and_when_there_is_more()
    {
        await _house.ReservedAsync(8);

        var (status, refusal) = await _house.ReserveAsync(5);

        status.ShouldBe(HttpStatusCode.Conflict);
        refusal["detail"]!.ToString().ShouldBe(
            "5 units are not free for all of the term, 4 are: from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z there is no more "
            + "that would be there without azure too. 5 for this term are free from 2026-01-02T00:00:00Z on.");
        refusal.ToJsonString().ShouldContain("\"available_units\":4");
        (await _house.ReserveAsync(4)).Status.ShouldBe(HttpStatusCode.OK);
        (await _house.ReserveAsync(1)).Status.ShouldBe(HttpStatusCode.Conflict);
        (await _house.ReserveAsync(12, from: "2026-01-02")).Status.ShouldBe(HttpStatusCode.OK);
        (await _house.ReserveAsync(13, from: "2027-01-02")).Body["detail"]!.ToString()
            .ShouldContain("13 are never free for so long, as far as is known now.");
        (await _house.ReserveAsync(51)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await _house.ReserveAsync(1, "week")).Body["detail"]!.ToString().ShouldContain("There are: day, quarter.");
        (await _house.ReserveAsync(1, from: "2025-01-02")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await _house.ReserveAsync(1, organisation: "nobody")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await _house.ReserveAsync(1, from: "2026-02-02", project: "prj_none")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Of_many_who_want_the_last_units_at_once_as_many_get_them_as_there_are()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => _house.ReserveAsync(1)));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(12);
        answers.Count(answer => answer.Status == HttpStatusCode.Conflict).ShouldBe(18);
    }

    [Fact]
    public async Task A_reservation_begins_is_announced_to_end_is_renewed_if_wanted_and_ends_and_each_is_told_once()
    {
        var id = await _house.ReservedAsync(12, "quarter", "2026-02-01", renews: true);
        (await _house.ShowAsync(id))["state"]!.ToString().ShouldBe("scheduled");
        await _house.PassAsync(TimeSpan.FromDays(31));
        (await _house.ShowAsync(id))["state"]!.ToString().ShouldBe("active");
        await _house.CatchUpAsync();
        await _house.PassAsync(TimeSpan.FromDays(83));
        await _house.CatchUpAsync();
        var renewed = (await _house.ShowAsync(id))["renewal"]!.ToString();
        var next = await _house.ShowAsync(renewed);
        next["from"]!.ToString().ShouldBe((await _house.ShowAsync(id))["until"]!.ToString());
        next["renewal_of"]!.ToString().ShouldBe(id);
        (await _house.SendAsync(HttpMethod.Patch, $"{CapacityHouse.Reservations}/{id}", new { renews = false }))
            .Status.ShouldBe(HttpStatusCode.Conflict);
        (await _house.SendAsync(HttpMethod.Patch, $"{CapacityHouse.Reservations}/{renewed}", new { renews = false }))
            .Status.ShouldBe(HttpStatusCode.OK);
        await _house.PassAsync(TimeSpan.FromDays(7));
        await _house.PassAsync(TimeSpan.FromDays(90));
        await _house.CatchUpAsync();
        await _house.CatchUpAsync();

        (await _house.ShowAsync(renewed))["state"]!.ToString().ShouldBe("ended");
        (await _house.LogAsync()).ShouldBe(
        [
            ("capacity.reserved", id), ("capacity.started", id), ("capacity.reserved", renewed), ("capacity.ending", id),
            ("capacity.changed", renewed), ("capacity.ended", id), ("capacity.started", renewed),
            ("capacity.ending", renewed), ("capacity.ended", renewed),
        ]);
    }

    [Fact]
    public async Task Who_is_suspended_reserves_nothing_and_what_it_has_is_not_renewed()
    {
        var id = await _house.ReservedAsync(12, "quarter", "2026-02-01", renews: true);
        (await _house.SendAsync(HttpMethod.Post, "api/organisations/demo/suspend", new { reason = "did not pay" }))
            .Status.ShouldBe(HttpStatusCode.OK);

        var (status, body) = await _house.ReserveAsync(1, "day", "2026-06-01");
        await _house.PassAsync(TimeSpan.FromDays(31));
        await _house.CatchUpAsync();
        await _house.PassAsync(TimeSpan.FromDays(83));
        await _house.CatchUpAsync();

        status.ShouldBe(HttpStatusCode.Conflict, body.ToJsonString());
        body["detail"]!.ToString().ShouldBe("The organisation is suspended.");
        var shown = await _house.ShowAsync(id);
        shown["renews"]!.GetValue<bool>().ShouldBeTrue();
        shown["renewal"]?.ToString().ShouldBeNull();
        (await _house.LogAsync()).ShouldContain(("capacity.ending", id));
    }

    [Fact]
    public async Task Webhooks_tell_of_capacity()
    {
        var (status, webhook) = await _house.SendAsync(
            HttpMethod.Post, "api/organisations/demo/webhooks",
            new { url = "https://example.com/hook", types = new[] { "capacity.reserved", "capacity.started" } });
        status.ShouldBe(HttpStatusCode.OK, webhook.ToJsonString());
        await _house.ReservedAsync(1);
        while (await _house.House.Get<WebhookFeed>().TakeAsync(CancellationToken.None))
        {
        }

        (await ReadAsync<string>("SELECT type FROM webhook_event ORDER BY created_us, type"))
            .ShouldBe(["capacity.reserved", "capacity.started"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_has_not_begun_can_be_cancelled_and_is_free_again_and_costs_nothing()
    {
        var id = await _house.ReservedAsync(12, "quarter", "2026-02-01");
        (await _house.ReserveAsync(1, from: "2026-02-01")).Status.ShouldBe(HttpStatusCode.Conflict);

        (await _house.SendAsync(HttpMethod.Delete, $"{CapacityHouse.Reservations}/{id}")).Body["state"]!.ToString()
            .ShouldBe("cancelled");
        (await _house.SendAsync(HttpMethod.Delete, $"{CapacityHouse.Reservations}/{id}")).Status
            .ShouldBe(HttpStatusCode.Conflict);
        (await _house.SendAsync(HttpMethod.Delete, "api/organisations/operators/capacity/" + id)).Status
            .ShouldBe(HttpStatusCode.NotFound);
        (await ReadAsync<long>("SELECT COUNT(*) FROM capacity_charge")).ShouldBe([0]);
        var begun = await _house.ReservedAsync(12);
        (await _house.SendAsync(HttpMethod.Delete, $"{CapacityHouse.Reservations}/{begun}")).Body["detail"]!.ToString()
            .ShouldStartWith("It has begun");
    }

    [Fact]
    public async Task Margin_has_what_capacity_earned_by_model_and_organisation_for_the_part_of_its_term()
    {
        await _house.ReservedAsync(12, "quarter", "2026-01-11T00:00:00Z");
        await _house.PassAsync(TimeSpan.FromDays(60));
        foreach (var (by, group) in ((string, string)[])[("model", "small"), ("organisation", "demo")])
        {
            var all = await RevenueAsync(by, group, "from=2026-01-01&to=2026-05-01");
            var first = await RevenueAsync(by, group, "from=2026-01-01&to=2026-01-20T00:00:00Z");

            all.ShouldBe(12 * 100.000000001m);
            first.ShouldBe(12 * 100.000000001m / 10, 0.000000001m);
        }

        (await RevenueAsync("provider", "azure", "from=2026-01-01&to=2026-05-01")).ShouldBe(0);

        async Task<decimal> RevenueAsync(string by, string group, string time)
        {
            var (status, body) = await _house.SendAsync(HttpMethod.Get, $"api/margin?by={by}&{time}");
            status.ShouldBe(HttpStatusCode.OK, body.ToJsonString());
            var found = body["data"]!.AsArray().SingleOrDefault(each => each![by]!.ToString() == group);
            return found is null ? 0 : decimal.Parse(found["revenue_usd"]!.ToString(), CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task Months_bear_their_part_of_the_price_and_invoices_and_the_ledger_say_the_same()
    {
        var id = await _house.ReservedAsync(7, "quarter", "2026-01-11T05:06:07Z");
        await _house.PassAsync(TimeSpan.FromDays(200));
        var lines = new List<JsonNode>();
        var desk = _house.House.Get<InvoiceDesk>();
        for (var month = new DateOnly(2026, 1, 1); month < new DateOnly(2026, 6, 1); month = month.AddMonths(1))
        {
            (await desk.OrganisationsAsync(month, CancellationToken.None))
                .ShouldBe(month.Month <= 4 ? ["demo"] : []);
            var draft = JsonNode.Parse(await desk.DraftAsync("demo", month, CancellationToken.None))!["lines"]!.AsArray();
            if ((await desk.IssueAsync("demo", month, "test", CancellationToken.None)).Number is { } number)
            {
                var content = JsonNode.Parse(
                    (await _house.House.Get<InvoiceStore>().ReadAsync("demo", number, CancellationToken.None))!.Content)!;
                content["lines"]!.ToJsonString().ShouldBe(draft.ToJsonString());
                JsonNode.Parse(await desk.DraftAsync("demo", month, CancellationToken.None))!["lines"]!.ToJsonString()
                    .ShouldBe(draft.ToJsonString());
                lines.AddRange(content["lines"]!.AsArray()!);
            }
        }

        var borne = lines.Where(line => line["kind"]!.ToString() == "reservation").ToList();
        borne.Count.ShouldBe(4);
        borne[0]["text"]!.ToString().ShouldBe("small: 700 tokens a minute reserved (unit, quarter)");
        borne[0]["plan"]!.ToString().ShouldBe($"unit/{id}");
        borne.Sum(Usd).ShouldBe(700.000000007m);
        (await _house.House.Get<UsageStore>().BalancesAsync(CancellationToken.None))
            .Single(balance => balance.Account == "receivable:demo").Usd.ShouldBe(lines.Sum(Usd));
        (await ReadAsync<long>("SELECT COUNT(*) FROM capacity_charge WHERE number IS NULL")).ShouldBe([0]);
    }

    [Fact]
    public async Task A_configuration_that_no_longer_covers_what_was_sold_is_told_of_and_so_is_that_it_does_again()
    {
        var id = await _house.ReservedAsync(12, "quarter");
        var less = _house.House.Configuration.Current;
        less = less with
        {
            Deployments = [.. less.Deployments.Select(each => each.Id != "own-us" ? each
                : each with { Limits = each.Limits with { TokensPerMinute = 1000 } })],
        };
        Apply(less);
        await _house.CatchUpAsync();
        await _house.CatchUpAsync();
        (await _house.ShowAsync(id))["at_risk_since"].ShouldNotBeNull();
        var sold = (await _house.SendAsync(HttpMethod.Get, "api/capacity")).Body["data"]!.AsArray().ShouldHaveSingleItem()!;
        ((long)sold["now"]!["free"]!).ShouldBe(-200);
        sold["at_risk"]!.AsArray().Select(each => each!.ToString()).ShouldBe([id]);
        (await _house.Client.GetStringAsync("metrics")).ShouldContain("sahab_sell_capacity_at_risk{sahab_model=\"small\"} 1");

        Apply(less with
        {
            Capacity = less.Capacity with
            {
                FailureDomain = FailureDomain.Deployment,
                Outages =
                [
                    new PlannedOutageConfig
                    {
                        Id = "later", Provider = "own", From = "2027-01-01", Until = "2027-01-02",
                    },
                ],
            },
            Deployments = [.. less.Deployments, less.Deployments[0] with { Id = "azure-more" }],
        });
        await _house.CatchUpAsync();

        (await _house.ShowAsync(id))["at_risk_since"].ShouldBeNull();
        (await _house.LogAsync()).ShouldBe(
        [
            ("capacity.reserved", id), ("capacity.started", id), ("capacity.at_risk", id), ("capacity.covered", id),
        ]);
        (await _house.SendAsync(HttpMethod.Get, $"{CapacityHouse.Reservations}/offers?from=2026-12-31T12:00Z"))
            .Body["data"]![0]!["terms"]![0]!["available_units"]!.GetValue<long>().ShouldBe(12);
    }

    static decimal Usd(JsonNode line) =>
        decimal.Parse(line["amount_usd"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture);

    void Apply(SahabConfig config) => _house.House.Configuration.TryApply(
            new ConfigReading { Source = "test", Config = config, Problems = [], Files = [], Hash = "" })
        .ShouldBeTrue();

    async Task<List<T>> ReadAsync<T>(string sql)
    {
        await using var connection = await _house.House.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        return await connection.ReadAllAsync<T>(new CommandDefinition(sql));
    }
}
