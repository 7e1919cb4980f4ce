using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Invoices;

/// <summary>Invoices say what the ledger says, to the nano-dollar, on either engine.</summary>
public abstract class InvoiceTests : IAsyncLifetime, IDisposable
{
    static readonly DateOnly[] Months = [new(2026, 9, 1), new(2026, 10, 1), new(2026, 11, 1), new(2026, 12, 1)];

    readonly TemporaryFolder _keys = new();
    SahabDatabase _database = null!;
    SalesHouse _house = null!;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync(_keys.Path);
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _house = new SalesHouse(_database, _keys.Path);
    }

    public async Task DisposeAsync()
    {
        _house.Dispose();
        await _database.DisposeAsync();
    }

    public void Dispose()
    {
        _keys.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public Task Lines_of_20_000_random_calls_with_corrections_refunds_and_price_changes_are_what_the_ledger_says() =>
        AssertRandomCallsAsync(20_000, 40, 2000);

    [Fact]
    [Trait("Suite", "All")]
    public Task Lines_of_a_million_random_calls_of_500_organisations_are_what_the_ledger_says() =>
        AssertRandomCallsAsync(1_000_000, 500, 5000);

    [Fact]
    public async Task A_draft_and_what_is_issued_of_it_say_the_same_and_neither_changes()
    {
        await _house.PostAsync([.. Enumerable.Range(0, 300).Select(number => SalesHouse.Call(new Random(number), number, 2))]);
        await SetCountryAsync("org-000", "NO");

        var draft = await DraftAsync("org-000", Months[1]);
        (await DraftAsync("org-000", Months[1])).ShouldBe(draft);
        var number = (await _house.Desk.IssueAsync("org-000", Months[1], "test", CancellationToken.None)).Number!;
        var issued = (await _house.Store.ReadAsync("org-000", number, CancellationToken.None))!.Content;

        JsonNode.Parse(issued)!["lines"]!.ToJsonString().ShouldBe(JsonNode.Parse(draft)!["lines"]!.ToJsonString());
        JsonNode.Parse(issued)!["lines"]!.AsArray().Select(line => line!["kind"]!.ToString()).ShouldContain("tax");
        JsonNode.Parse(issued)!["tax"]!.ToJsonString().ShouldBe("""{"name":"MVA","rate":0.25}""");
        (await _house.Desk.IssueAsync("org-000", Months[1], "test", CancellationToken.None))
            .ShouldBe(new IssueOutcome(number, false, null));
        (await _house.Store.ReadAsync("org-001", number, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task What_comes_late_stands_on_the_next_invoice_and_months_are_issued_in_order()
    {
        await _house.PostAsync([Call(1, "2026-09-10", 1000)]);
        await _house.IssueAllAsync(Months[0]);
        await _house.PostAsync([Call(2, "2026-09-20", 500), Call(3, "2026-10-02", 100)]);

        (await _house.Desk.IssueAsync("org-000", new(2027, 1, 1), "test", CancellationToken.None)).Refusal!.ShouldContain("is not over");
        await _house.IssueAllAsync(Months[1]);
        (await _house.Desk.IssueAsync("org-000", new(2026, 8, 1), "test", CancellationToken.None)).Refusal!
            .ShouldContain("2026-10 is invoiced already");

        var kinds = await _house.ReadAsync<string>("SELECT content FROM invoice WHERE organisation = 'org-000' ORDER BY number");
        JsonNode.Parse(kinds[1])!["lines"]!.AsArray().Select(line => (line!["kind"]!.ToString(), line["month"]!.ToString()))
            .ShouldContain(("late_usage", "2026-09"));
        await _house.AssertOwedAsync();
    }

    [Fact]
    public async Task No_month_is_invoiced_before_one_that_has_fees_of_its_own()
    {
        (await _house.Desk.IssueAsync("org-003", Months[1], "test", CancellationToken.None)).Refusal!
            .ShouldContain("2026-09 has fees that are not invoiced");
        foreach (var month in Months[..2])
        {
            (await _house.Desk.IssueAsync("org-003", month, "test", CancellationToken.None)).Number.ShouldNotBeNull();
        }

        await _house.AssertOwedAsync();
    }

    [Fact]
    public async Task What_is_refunded_comes_from_where_it_was_paid_and_nobody_pays_a_credit_note()
    {
        await _house.PostAsync([Call(1, "2026-09-10", 1_000_000)]);
        await _house.IssueAllAsync(Months[0]);
        (await _house.Desk.CorrectAsync("org-000", "INV-2027-000001", NanoUsd.FromUsd(0.1m), "sorry", "test", CancellationToken.None))
            .Number.ShouldBe("CN-2027-000001");

        (await PayAsync("CN-2027-000001", "pi_1")).Fault!.ShouldContain("There is no invoice CN-2027-000001");
        (await PayAsync("INV-2027-000001", "pi_2")).ShouldBe((1, null));
        var invoice = (await _house.Store.ReadAsync("org-000", "INV-2027-000001", CancellationToken.None))!;
        (await _house.Payments.RefundAsync(invoice, NanoUsd.FromUsd(0.05m), "r", "test", CancellationToken.None)).ShouldBeNull();

        (await _house.ReadAsync<string>("SELECT provider FROM payment WHERE payment_id = 'refund:r'")).ShouldBe(["stripe"]);
        await _house.AssertOwedAsync();

        Task<(int New, string? Fault)> PayAsync(string number, string id) => _house.Payments.RecordAsync(
            "stripe", [new ProviderPayment(id, number, NanoUsd.FromUsd(0.1m), _house.Time.GetUtcNow())], "test", CancellationToken.None);
    }

    [Fact]
    public async Task Refunds_at_once_give_back_no_more_than_was_paid_and_a_name_is_of_one_payment()
    {
        await _house.PostAsync([Call(1, "2026-09-10", 1_000_000), Call(2, "2026-10-10", 1_000_000)]);
        await _house.IssueAllAsync(Months[0]);
        await _house.IssueAllAsync(Months[1]);
        (await PayAsync("INV-2027-000001", 2)).ShouldBe((1, null));
        (await PayAsync("INV-2027-000001", 2)).ShouldBe((0, null));
        (await PayAsync("INV-2027-000002", 2)).Fault!.ShouldContain("of another invoice or amount");
        (await PayAsync("INV-2027-000001", 3)).Fault!.ShouldContain("of another invoice or amount");

        var invoice = (await _house.Store.ReadAsync("org-000", "INV-2027-000001", CancellationToken.None))!;
        var refusals = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => Task.Run(() => RefundAsync(invoice, 0.75m, $"r{number}"))));

        refusals.Count(refusal => refusal is null).ShouldBe(2);
        refusals.Where(refusal => refusal is not null).ShouldAllBe(refusal => refusal!.Contains("no more can be refunded"));
        (await _house.Store.ReadAsync("org-000", "INV-2027-000001", CancellationToken.None))!.PaidNano.ShouldBe(500_000_000);
        var done = $"r{Array.IndexOf(refusals, null)}";
        (await RefundAsync(invoice, 0.75m, done)).ShouldBeNull();
        (await RefundAsync(invoice, 0.5m, done))!.ShouldContain("of another invoice or amount");
        await _house.AssertOwedAsync();

        Task<(int New, string? Fault)> PayAsync(string number, decimal usd) => _house.Payments.RecordAsync(
            "file", [new ProviderPayment("bank-1", number, NanoUsd.FromUsd(usd), _house.Time.GetUtcNow())], "test", CancellationToken.None);

        Task<string?> RefundAsync(StoredDocument of, decimal usd, string name) =>
            _house.Payments.RefundAsync(of, NanoUsd.FromUsd(usd), name, "test", CancellationToken.None);
    }

    [Fact]
    public async Task Credit_is_drawn_once_oldest_expiry_first_and_a_credit_note_never_takes_back_more_than_there_is()
    {
        await _house.PostAsync([Call(1, "2026-12-10", 1_000_000)]);
        await _house.Payments.AddCreditAsync("org-000", true, NanoUsd.FromUsd(1), null, "paid ahead", "test", CancellationToken.None);
        (await DraftAsync("org-000", Months[3])).ShouldNotContain("\"credit\"");

        // Granted in January, so it pays from January on.
        using var february = new SalesHouse(_database, _keys.Path, "2027-02-03");
        await february.PostAsync([Call(2, "2027-01-10", 1_000_000)]);
        foreach (var month in (DateOnly[])[Months[3], new(2027, 1, 1)])
        {
            (await february.Desk.IssueAsync("org-000", month, "test", CancellationToken.None)).Refusal.ShouldBeNull();
        }

        (await february.Payments.RecordAsync(
            "file", [new ProviderPayment("bank-1", "INV-2027-000001", NanoUsd.FromUsd(2), february.Time.GetUtcNow())], "test", CancellationToken.None))
            .ShouldBe((1, null));
        (await february.Payments.RecordAsync(
            "file", [new ProviderPayment("bank-1", "INV-2027-000001", NanoUsd.FromUsd(2), february.Time.GetUtcNow())], "test", CancellationToken.None))
            .ShouldBe((0, null));
        var invoice = (await february.Store.ReadAsync("org-000", "INV-2027-000001", CancellationToken.None))!;
        (await february.Payments.RefundAsync(invoice, NanoUsd.FromUsd(3), "r", "test", CancellationToken.None))!.ShouldContain("no more can be refunded");
        (await february.Payments.RefundAsync(invoice, NanoUsd.FromUsd(0.5m), "r", "test", CancellationToken.None)).ShouldBeNull();

        (await february.Desk.CorrectAsync("org-000", "INV-2027-000001", NanoUsd.FromUsd(50), "sorry", "test", CancellationToken.None))
            .Refusal!.ShouldContain("more than is left");
        (await february.Desk.CorrectAsync("org-000", "INV-2027-000001", NanoUsd.FromUsd(0.25m), "sorry", "test", CancellationToken.None))
            .Number.ShouldBe("CN-2027-000001");
        (await february.ReadAsync<long>("SELECT CAST(SUM(nano_usd) AS BIGINT) FROM credit_draw")).Single().ShouldBe(1_000_000_000);
        await february.AssertOwedAsync();
        (await february.Payments.OpenInvoicesAsync(CancellationToken.None))
            .Single(open => open.Number == "INV-2027-000001").Payments.ShouldBe(2);
        (await february.Store.OpenInvoicesAsync("", CancellationToken.None))
            .Count(invoice => invoice.Organisation == "org-000").ShouldBe(2);
    }

    [Fact]
    public async Task Every_line_of_usage_leads_to_its_calls()
    {
        await _house.PostAsync([.. Enumerable.Range(0, 400).Select(number => SalesHouse.Call(new Random(number), number, 2))]);
        var lines = JsonNode.Parse(await DraftAsync("org-001", Months[0]))!["lines"]!.AsArray();

        foreach (var group in lines.Where(line => line!["kind"]!.ToString() is "usage" or "call_rounding")
            .GroupBy(line => (line!["model"]!.ToString(), line["service_tier"]!.ToString(), line["terms"]!.ToString())))
        {
            var (calls, _) = await _house.Desk.CallsAsync(
                "org-001", lines.Root, group.First()!["line"]!.GetValue<int>(), null, 1000, CancellationToken.None);
            calls.Sum(call => call.Amount.ToUsd())
                .ShouldBe(group.Sum(line => decimal.Parse(line!["amount_usd"]!.ToString(), null)));
        }
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync(string folder);

    [Fact]
    public async Task What_a_month_is_below_nothing_is_credit_that_the_next_invoice_draws()
    {
        await _house.PostAsync([Call(1, "2026-09-10", 1_000_000), Call(2, "2026-11-10", 500_000)]);
        await _house.IssueAllAsync(Months[0]);
        var charged = (await _house.DocumentAsync("org-000", "INV-2027-000001"))["totals"]!["usage_usd"]!.GetValue<string>();
        (await _house.Usage.CorrectAsync(
            SampleUsage.Make(1).EventId, new TokenUsage(0, 0, 0, 0), UsageFlags.None, 1, _house.Time.GetUtcNow(), CancellationToken.None))
            .ShouldBe(Sahab.Server.Sell.Metering.CorrectionOutcome.Applied);
        var draft = JsonNode.Parse(await DraftAsync("org-000", Months[1]))!;

        var number = (await _house.Desk.IssueAsync("org-000", Months[1], "test", CancellationToken.None)).Number!;
        var invoice = await _house.DocumentAsync("org-000", number);

        invoice["lines"]!.ToJsonString().ShouldBe(draft["lines"]!.ToJsonString());
        invoice["totals"]!["total_usd"]!.ToString().ShouldBe("0.00");
        Kinds(invoice).ShouldBe(["late_usage", "late_discount", "credit_kept"]);
        var kept = decimal.Parse(invoice["lines"]![2]!["amount_usd"]!.ToString(), null);
        (kept < decimal.Parse(charged, null)).ShouldBeTrue();
        var credit = (await CreditsAsync("org-000")).ShouldHaveSingleItem();
        (credit.Kind, credit.LeftNano, credit.Note).ShouldBe(("prepaid", (long)(kept * 1_000_000_000), $"kept from {number}"));
        (await BalanceAsync("customer-credit:org-000")).ShouldBe(-kept);

        (await _house.Desk.IssueAsync("org-000", Months[2], "test", CancellationToken.None)).Number.ShouldNotBeNull();
        (await _house.ReadAsync<long>("SELECT CAST(SUM(nano_usd) AS BIGINT) FROM credit_draw")).Single().ShouldBeGreaterThan(1_000_000_000);
        (await BalanceAsync("customer-credit:org-000")).ShouldBe((await CreditsAsync("org-000"))[0].LeftNano / -1_000_000_000m);
        await _house.AssertOwedAsync();
        (await ActionsAsync(number)).ShouldBe(["invoice.issued", "invoice.paid"]);
        (await ActionsAsync(credit.Id)).ShouldBe(["credit.granted"]);
    }

    [Fact]
    public async Task A_credit_note_of_what_credit_paid_gives_the_credit_back()
    {
        var id = await _house.Payments.AddCreditAsync("org-000", true, NanoUsd.FromUsd(10), null, "ahead", "test", CancellationToken.None);
        using var february = new SalesHouse(_database, _keys.Path, "2027-02-03");
        await february.PostAsync([Call(1, "2027-01-10", 1_000_000)]);
        var number = (await february.Desk.IssueAsync("org-000", new(2027, 1, 1), "test", CancellationToken.None)).Number!;
        var drawn = 10_000_000_000 - (await CreditsAsync("org-000"))[0].LeftNano;
        var total = (await february.Store.ReadAsync("org-000", number, CancellationToken.None))!.TotalNano;
        total.ShouldBe(0);

        (await CorrectAsync(1)).Number.ShouldBe("CN-2027-000001");

        var note = await february.DocumentAsync("org-000", "CN-2027-000001");
        Kinds(note).ShouldBe(["correction", "credit"]);
        (note["lines"]![1]!["credit"]!.ToString(), note["lines"]![1]!["amount_usd"]!.ToString()).ShouldBe((id, "1.00"));
        note["totals"]!["total_usd"]!.ToString().ShouldBe("0.00");
        (await CreditsAsync("org-000"))[0].LeftNano.ShouldBe(10_000_000_000 - drawn + 1_000_000_000);
        (await CorrectAsync(9)).Refusal!.ShouldContain($"more than is left of {number}: {InvoiceDocument.Usd(drawn - 1_000_000_000)} USD");
        (await CorrectAsync((drawn - 1_000_000_000) / 1_000_000_000m)).Number.ShouldBe("CN-2027-000002");
        (await CorrectAsync(0.01m)).Refusal!.ShouldContain("0.00 USD");
        (await CreditsAsync("org-000"))[0].LeftNano.ShouldBe(10_000_000_000);
        (await BalanceAsync("customer-credit:org-000")).ShouldBe(-10);
        await february.AssertOwedAsync();

        Task<IssueOutcome> CorrectAsync(decimal usd) =>
            february.Desk.CorrectAsync("org-000", number, NanoUsd.FromUsd(usd), "sorry", "test", CancellationToken.None);
    }

    [Fact]
    public async Task Late_usage_counts_towards_the_minimum_of_its_month_until_all_of_it_is_used()
    {
        await _house.PostAsync([Call(1, "2026-09-10", 1_000_000) with { Tenant = "org-004" }]);
        await _house.IssueAllAsync(Months[0]);
        var september = await _house.DocumentAsync("org-004", await NumberAsync("org-004", Months[0]));
        var charged = Amounts(september, "minimum");
        (charged + Amounts(september, "usage") + Amounts(september, "volume")).ShouldBe(10);
        await _house.PostAsync([Call(2, "2026-09-09", 100_000) with { Tenant = "org-004" }]);
        await _house.IssueAllAsync(Months[1]);
        await _house.PostAsync([Call(3, "2026-09-08", 9_000_000) with { Tenant = "org-004" }]);
        await _house.IssueAllAsync(Months[2]);

        var october = await _house.DocumentAsync("org-004", await NumberAsync("org-004", Months[1]));
        Kinds(october).ShouldBe(["late_usage", "late_discount", "minimum"]);
        (october["totals"]!["total_usd"]!.ToString(), october["lines"]![2]!["month"]!.ToString()).ShouldBe(("0.00", "2026-09"));
        var november = await _house.DocumentAsync("org-004", await NumberAsync("org-004", Months[2]));
        (Amounts(october, "minimum") + Amounts(november, "minimum")).ShouldBe(-charged);
        await _house.AssertOwedAsync();
    }

    [Fact]
    public async Task A_payment_is_told_of_with_what_is_open_and_the_last_one_once_more()
    {
        await _house.PostAsync([Call(1, "2026-09-10", 1_000_000)]);
        await _house.IssueAllAsync(Months[0]);
        var number = await NumberAsync("org-000", Months[0]);
        var invoice = (await _house.Store.ReadAsync("org-000", number, CancellationToken.None))!;
        var open = invoice.TotalNano / 1_000_000_000m;

        await Task.WhenAll(PayAsync("a", 1), PayAsync("b", open - 1));
        await _house.Payments.RefundAsync(invoice, NanoUsd.FromUsd(0.5m), "r", "test", CancellationToken.None);
        await PayAsync("c", 0.2m);
        await _house.Desk.CorrectAsync("org-000", number, NanoUsd.FromUsd(0.3m), "sorry", "test", CancellationToken.None);

        (await ActionsAsync(number)).ShouldBe(
        [
            "invoice.issued", "invoice.payment_recorded", "invoice.payment_recorded", "invoice.paid", "invoice.refunded",
            "invoice.payment_recorded", "invoice.paid",
        ]);
        (await _house.ReadAsync<string>("SELECT details FROM audit_entry WHERE action LIKE 'invoice.p%' OR action = 'invoice.refunded' ORDER BY entry_number"))
            .Select(details => JsonNode.Parse(details)!["open_usd"]!.ToString()).Skip(1)
            .ShouldBe(["0.00", "0.00", "0.50", "0.30", "0.00"]);

        Task<(int New, string? Fault)> PayAsync(string id, decimal usd) => Task.Run(() => _house.Payments.RecordAsync(
            "file", [new ProviderPayment(id, number, NanoUsd.FromUsd(usd), _house.Time.GetUtcNow())], "test", CancellationToken.None));
    }

    [Fact]
    public async Task Several_issuers_at_once_leave_no_gap_and_no_number_twice()
    {
        await _house.PostAsync([.. Enumerable.Range(0, 400).Select(number => SalesHouse.Call(new Random(number), number, 30))]);
        var organisations = (await _house.Desk.OrganisationsAsync(Months[0], CancellationToken.None)).ToArray();

        var told = await Task.WhenAll(Enumerable.Range(0, 5).Select(issuer => Task.Run(async () =>
        {
            var (mine, issued) = (organisations.ToArray(), new List<string>());
            new Random(issuer).Shuffle(mine);
            foreach (var organisation in mine)
            {
                var outcome = await _house.Desk.IssueAsync(organisation, Months[0], "test", CancellationToken.None);
                if (outcome is { IsNew: true, Number: { } number })
                {
                    issued.Add(number);
                    await _house.Desk.CorrectAsync(organisation, number, new NanoUsd(1), "a little", "test", CancellationToken.None);
                }
            }

            return issued;
        })));

        told.SelectMany(each => each).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(1, organisations.Length).Select(number => $"INV-2027-{number:000000}"));
        (await _house.ReadAsync<string>("SELECT number FROM invoice WHERE kind = 'credit-note' ORDER BY number"))
            .ShouldBe(Enumerable.Range(1, organisations.Length).Select(number => $"CN-2027-{number:000000}"));
        await _house.IssueAllAsync(Months[1]);
        await _house.IssueAllAsync(Months[2]);
        await _house.AssertOwedAsync();
    }

    [Fact]
    public async Task Two_months_at_once_charge_what_was_reserved_once()
    {
        for (var number = 10; number < 18; number++)
        {
            await _house.ReserveAsync(SalesHouse.Organisation(number), "2026-10-16T00:00Z", "2026-12-16T00:00Z");
        }

        var outcomes = await Task.WhenAll(Enumerable.Range(20, 16).Select(each => Task.Run(() => _house.Desk.IssueAsync(
            SalesHouse.Organisation(each / 2), Months[1 + (each % 2)], "test", CancellationToken.None))));

        outcomes.Where(outcome => outcome.Number is null).ShouldAllBe(outcome => outcome.Refusal!.Contains("is invoiced already"));
        (await _house.ReadAsync<long>(
            $"SELECT COUNT(*) FROM capacity_charge WHERE number IS NULL AND month_us < {InvoiceStore.MonthUs(Months[3])}")).ShouldBe([0]);
        (await _house.ReadAsync<long>("SELECT CAST(SUM(nano_usd) AS BIGINT) FROM invoice_line WHERE model = 'large'")).ShouldBe(
            await _house.ReadAsync<long>("SELECT CAST(SUM(nano_usd) AS BIGINT) FROM capacity_charge WHERE number IS NOT NULL"));
        await _house.AssertOwedAsync();
    }

    [Fact]
    public async Task Each_kind_of_line_leads_to_the_calls_that_it_is_made_of()
    {
        await _house.ReserveAsync("org-000", "2026-09-10T00:00Z", "2026-10-20T00:00Z");
        await _house.PostAsync(
        [
            Small(1, "2026-09-02", 4000), Small(2, "2026-09-03", 90_000), Call(3, "2026-09-04", 30_000), Reserved(4, "2026-09-11"),
            Small(5, "2026-09-11", 700) with { ServiceTier = "reserved" }, Reserved(6, "2026-09-09"),
        ]);
        await _house.IssueAllAsync(Months[0]);
        await _house.PostAsync([Call(7, "2026-09-05", 100_000), Call(8, "2026-10-02", 10)]);
        await _house.Usage.CorrectAsync(
            SampleUsage.Make(3).EventId, new TokenUsage(50_000, 0, 0, 0), UsageFlags.None, 1, _house.Time.GetUtcNow(), CancellationToken.None);
        await _house.IssueAllAsync(Months[1]);
        var (september, october) = (await DocumentAsync(Months[0]), await DocumentAsync(Months[1]));

        await AssertCallsAsync(september, "free", 1, 2);
        await AssertCallsAsync(september, "volume", line => line["model"]!.ToString() == "small", 1, 2);
        await AssertCallsAsync(september, "volume", line => line["model"]!.ToString() == "large", 3);
        await AssertCallsAsync(september, "reservation", 4);
        (await AssertCallsAsync(september, "usage", line => line["model"]!.ToString() == "large" && line["service_tier"]!.ToString() == "default", 3))
            .Single().Usage.Usage.PromptTokens.ShouldBe(30_000);
        var late = await AssertCallsAsync(october, "late_usage", 3, 7);
        late.Sum(call => call.Amount.ToUsd() - call.Before.ToUsd()).ShouldBe(Amounts(october, "late_usage"));
        await AssertCallsAsync(october, "late_discount", 3, 7);
        await AssertCallsAsync(october, "reservation");
        await AssertCallsAsync(october, "usage", 8);

        UsageEvent Small(int number, string day, int tokens) => Call(number, day, tokens) with { Model = "small" };
        UsageEvent Reserved(int number, string day) => Call(number, day, 500) with { ServiceTier = "reserved" };
        async Task<JsonObject> DocumentAsync(DateOnly month) => await _house.DocumentAsync("org-000", await NumberAsync("org-000", month));
    }

    Task<IReadOnlyList<Sahab.Server.Sell.Metering.SoldCall>> AssertCallsAsync(JsonObject document, string kind, params int[] calls) =>
        AssertCallsAsync(document, kind, _ => true, calls);

    async Task<IReadOnlyList<Sahab.Server.Sell.Metering.SoldCall>> AssertCallsAsync(
        JsonObject document, string kind, Func<JsonNode, bool> which, params int[] numbers)
    {
        var line = document["lines"]!.AsArray().First(line => line!["kind"]!.ToString() == kind && which(line))!;
        var (calls, _) = await _house.Desk.CallsAsync(
            "org-000", document, line["line"]!.GetValue<int>(), null, 100, CancellationToken.None);
        calls.Select(call => call.Usage.EventId).ShouldBe(
            numbers.Select(number => SampleUsage.Make(number).EventId), ignoreOrder: true, kind);
        return calls;
    }

    static List<string> Kinds(JsonObject document) => [.. document["lines"]!.AsArray().Select(line => line!["kind"]!.ToString())];

    static decimal Amounts(JsonObject document, string kind) => document["lines"]!.AsArray()
        .Where(line => line!["kind"]!.ToString() == kind).Sum(line => decimal.Parse(line!["amount_usd"]!.ToString(), null));

    async Task<string> NumberAsync(string organisation, DateOnly month) => (await _house.ReadAsync<string>(
        $"SELECT number FROM invoice WHERE organisation = '{organisation}' AND kind = 'invoice' AND month_us = {InvoiceStore.MonthUs(month)}")).Single();

    Task<List<string>> ActionsAsync(string subject) =>
        _house.ReadAsync<string>($"SELECT action FROM audit_entry WHERE subject = '{subject}' ORDER BY entry_number");

    async Task<List<StoredCredit>> CreditsAsync(string organisation)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        return await InvoiceStore.CreditsAsync(connection, null, organisation, CancellationToken.None);
    }

    async Task<decimal> BalanceAsync(string account) =>
        (await _house.Usage.BalancesAsync(CancellationToken.None)).Single(balance => balance.Account == account).Usd;

    static UsageEvent Call(int number, string day, int tokens) => SampleUsage.Make(number) with
    {
        CallId = SampleUsage.Id(8, number),
        Tenant = "org-000",
        Model = "large",
        ServiceTier = "default",
        Outcome = AttemptOutcome.Succeeded,
        StartedAt = Sahab.Tests.Ledger.Sales.Prices.Day(day),
        Usage = new TokenUsage(tokens, 0, 0, 0),
    };

    Task<string> DraftAsync(string organisation, DateOnly month) =>
        _house.Desk.DraftAsync(organisation, month, CancellationToken.None);

    async Task SetCountryAsync(string organisation, string country)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync();
        await InvoiceStore.SetProfileAsync(
            connection, transaction, organisation, BillingProfile.Empty with { Country = country, State = "TX" },
            _house.Time.GetUtcNow(), CancellationToken.None);
        await transaction.CommitAsync();
    }

    async Task AssertRandomCallsAsync(int calls, int organisations, int batch)
    {
        var random = new Random(20_261_123);
        for (var number = 0; number < organisations; number += 3)
        {
            await SetCountryAsync(SalesHouse.Organisation(number), number % 2 == 0 ? "NO" : "US");
        }

        var (posted, left) = (0, Months.Length);
        while (posted < calls)
        {
            var events = Enumerable.Range(posted, batch).Select(number => SalesHouse.Call(random, number, organisations)).ToList();
            await _house.PostAsync(events);
            posted += batch;
            for (var i = 0; i < batch / 50; i++)
            {
                await _house.Usage.CorrectAsync(
                    events[random.Next(batch)].EventId, new TokenUsage(random.Next(5000), 0, random.Next(900), 0), UsageFlags.None,
                    random.Next(1, 5), _house.Time.GetUtcNow(), CancellationToken.None);
            }

            // A month is invoiced while calls of it still come.
            if (posted * 5L / calls > Months.Length - left && left > 1)
            {
                var numbers = await _house.IssueAllAsync(Months[^left--]);
                await MoveMoneyAsync(numbers, random);
            }
        }

        while (left > 0)
        {
            await _house.IssueAllAsync(Months[^left--]);
        }

        await AssertBooksAsync();
    }

    async Task MoveMoneyAsync(List<string> numbers, Random random)
    {
        foreach (var number in numbers.Where(_ => random.Next(4) == 0))
        {
            var organisation = (await _house.Store.OrganisationOfAsync(number, CancellationToken.None))!;
            await _house.Payments.RecordAsync(
                "file", [new ProviderPayment(number, number, NanoUsd.FromUsd(0.02m), _house.Time.GetUtcNow())], "test", CancellationToken.None);
            await _house.Desk.CorrectAsync(
                organisation, number, new NanoUsd(random.Next(1, 9_000_000)), "sorry", "test", CancellationToken.None);
            var invoice = (await _house.Store.ReadAsync(organisation, number, CancellationToken.None))!;
            await _house.Payments.RefundAsync(invoice, NanoUsd.FromUsd(0.01m), number, "test", CancellationToken.None);
        }
    }

    async Task AssertBooksAsync()
    {
        var owed = await _house.OwedByLedgerAsync();
        await _house.AssertOwedAsync();
        (await _house.Usage.BalancesAsync(CancellationToken.None)).Sum(balance => balance.Usd).ShouldBe(0);
        foreach (var series in (await _house.ReadAsync<string>("SELECT number FROM invoice ORDER BY number")).GroupBy(number => number[..8]))
        {
            series.Select(number => int.Parse(number[^6..], null)).ShouldBe(Enumerable.Range(1, series.Count()));
        }

        (await _house.ReadAsync<long>("SELECT COUNT(*) FROM invoice_line GROUP BY number HAVING SUM(nano_usd) % 10000000 <> 0"))
            .ShouldBeEmpty();
        foreach (var organisation in owed.Keys.Take(5))
        {
            (await DraftAsync(organisation, Months[1])).ShouldBe(await DraftAsync(organisation, Months[1]));
        }
    }
}

/// <summary>On SQLite.</summary>
public sealed class InvoiceOnSqliteTests : InvoiceTests
{
    private protected override Task<SahabDatabase> CreateDatabaseAsync(string folder) =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(Path.Combine(folder, "sahab.db")));
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public sealed class InvoiceOnPostgresTests(PostgresServer server) : InvoiceTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync(string folder) =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
