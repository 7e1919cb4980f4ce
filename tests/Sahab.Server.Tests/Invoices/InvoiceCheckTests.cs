using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Invoices;

/// <summary>What the offline verifier finds of an invoice that was altered, figure by figure.</summary>
public sealed class InvoiceCheckTests : IAsyncLifetime, IDisposable
{
    const string Organisation = "org-003";

    /// <summary>Kinds whose amounts nothing but the totals and the tax bears out.</summary>
    static readonly string[] Agreed = ["free", "volume", "late_discount", "product"];

    readonly TemporaryFolder _folder = new();
    SahabDatabase _database = null!;
    SalesHouse _house = null!;
    ReceiptChain _chain = null!;
    JsonObject _september = null!;
    JsonObject _october = null!;

    public async Task InitializeAsync()
    {
        _database = new SqliteDatabase(_folder.File("sahab.db"));
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _house = new SalesHouse(_database, _folder.Path);
        await using (var connection = await _database.OpenAsync(CancellationToken.None))
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await InvoiceStore.SetProfileAsync(
                connection, transaction, Organisation, BillingProfile.Empty with { Country = "NO" }, _house.Time.GetUtcNow(),
                CancellationToken.None);
            await InvoiceStore.AddCreditAsync(
                connection, transaction, Organisation,
                new StoredCredit { Id = "credit_1", Kind = "prepaid", Nano = 1_234_567_891, Note = "ahead" }, CancellationToken.None);
            await transaction.CommitAsync();
        }

        await PostAsync(0, 200);
        _september = await IssueAsync(new(2026, 9, 1));
        await PostAsync(200, 400);
        _october = await IssueAsync(new(2026, 10, 1));
        _chain = await _house.ChainAsync(Organisation);
    }

    public async Task DisposeAsync()
    {
        _house.Dispose();
        await _database.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_issued_agrees_and_what_receipts_do_not_prove_is_said()
    {
        var september = Check(_september);
        september.Problems.ShouldBeEmpty();
        september.NotProven.Select(each => each.Split(' ')[0]).ShouldBe(["free", "volume", "product", "tax", "credit"], ignoreOrder: true);

        Check(_october).NotProven.ShouldContain("late_usage of 2026-09 (give its invoice, and those after it, with --earlier)");
        var october = Check(_october, _september);
        october.Problems.ShouldBeEmpty();
        october.NotProven.ShouldNotContain(each => each.StartsWith("late_usage", StringComparison.Ordinal));
    }

    [Fact]
    public void Any_figure_that_is_altered_is_found()
    {
        foreach (var document in (JsonObject[])[_september, _october])
        {
            foreach (var line in document["lines"]!.AsArray())
            {
                AssertFound(document, altered => Alter(altered["lines"]![Index(line!)]!, "amount_usd"));
                if (line!["kind"]!.ToString() == "usage")
                {
                    AssertFound(document, altered => Alter(altered["lines"]![Index(line)]!, "quantity"));
                    AssertFound(document, altered => Alter(altered["lines"]![Index(line)]!, "price_usd_per_million"));
                }
            }

            foreach (var total in document["totals"]!.AsObject())
            {
                AssertFound(document, altered => Alter(altered["totals"]!, total.Key));
            }

            AssertFound(document, altered => altered["receipts"]!["hash"] = Receipt.HashOf("another"));
            AssertFound(document, altered => altered["receipts"]!["through"] = 1L);
            AssertFound(document, altered => altered["receipts"]!["through"] = 100_000L);
            AssertFound(document, altered => altered["receipts"]!["through"] = -1L);
            AssertFound(document, altered => altered["receipts"] = null);
            AssertFound(document, altered => altered["tax"]!["rate"] = 0.24m);
            AssertFound(document, altered => altered["lines"]![0]!["kind"] = "extra");
        }
    }

    [Fact]
    public void A_line_that_is_altered_with_its_totals_is_found_save_for_what_was_agreed()
    {
        foreach (var document in (JsonObject[])[_september, _october])
        {
            foreach (var line in document["lines"]!.AsArray())
            {
                var (kind, altered) = (line!["kind"]!.ToString(), document.DeepClone().AsObject());
                Alter(altered["lines"]![Index(line)]!, "amount_usd");
                Total(altered);

                if (kind == "credit")
                {
                    Check(altered, _september).Problems.ShouldBeEmpty();
                    continue;
                }

                // The tax on it, or the rounding, gives it away where these were not altered with it.
                Check(altered, _september).Problems.ShouldNotBeEmpty(kind);
                if (Agreed.Contains(kind))
                {
                    TaxAgain(altered);
                    Total(altered);
                    Check(altered, _september).Problems.ShouldBeEmpty(kind);
                }
            }
        }
    }

    [Fact]
    public void A_late_line_that_is_left_out_is_missed()
    {
        var altered = _october.DeepClone().AsObject();
        var late = altered["lines"]!.AsArray().Where(line => line!["kind"]!.ToString() == "late_usage").ToList();
        late.ShouldNotBeEmpty();
        late.ForEach(line => altered["lines"]!.AsArray().Remove(line));
        var number = 0;
        foreach (var line in altered["lines"]!.AsArray())
        {
            line!["line"] = ++number;
        }

        TaxAgain(altered);
        Total(altered);

        Check(altered, _september).Problems.ShouldContain(problem => problem.Contains("in 2026-09", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_credit_note_is_checked_by_itself()
    {
        var number = (await _house.Desk.CorrectAsync(
            Organisation, _september["number"]!.ToString(), Sahab.Ledger.Money.NanoUsd.FromUsd(1.2345m), "sorry", "test", CancellationToken.None)).Number!;
        var note = await _house.DocumentAsync(Organisation, number);

        Check(note).Problems.ShouldBeEmpty();
        foreach (var line in note["lines"]!.AsArray())
        {
            AssertFound(note, altered => Alter(altered["lines"]![Index(line!)]!, "amount_usd"));
        }
    }

    InvoiceCheck Check(JsonObject document, params JsonObject[] earlier) => new(_chain, document, earlier);

    void AssertFound(JsonObject document, Action<JsonObject> alter)
    {
        var altered = document.DeepClone().AsObject();
        alter(altered);
        Check(altered, _september).Problems.ShouldNotBeEmpty(altered.ToJsonString());
    }

    static int Index(JsonNode line) => line["line"]!.GetValue<int>() - 1;

    static void Alter(JsonNode node, string name) => node[name] = Text(Usd(node[name]!) + 1);

    static void Total(JsonObject document)
    {
        string[][] kinds =
        [
            ["usage", "call_rounding", "late_usage"], ["free", "volume", "late_discount"], ["product", "minimum", "reservation"],
            ["correction"], ["tax"], ["credit", "credit_kept"], ["rounding"],
        ];
        string[] names = ["usage_usd", "discounts_usd", "fees_usd", "corrections_usd", "tax_usd", "credits_usd", "rounding_usd"];
        var lines = document["lines"]!.AsArray();
        for (var i = 0; i < names.Length; i++)
        {
            document["totals"]![names[i]] = Text(lines.Where(line => kinds[i].Contains(line!["kind"]!.ToString())).Sum(line => Usd(line!["amount_usd"]!)));
        }

        document["totals"]!["total_usd"] = Text(lines.Sum(line => Usd(line!["amount_usd"]!)));
    }

    /// <summary>What somebody who alters a price does as well.</summary>
    static void TaxAgain(JsonObject document)
    {
        var lines = document["lines"]!.AsArray();
        decimal Sum(Func<string, bool> which) => lines.Where(line => which(line!["kind"]!.ToString())).Sum(line => Usd(line!["amount_usd"]!));
        JsonNode Of(string kind) => lines.First(line => line!["kind"]!.ToString() == kind)!;
        var taxed = Sum(kind => kind is not ("tax" or "credit" or "rounding"));
        Of("tax")["amount_usd"] = Text(decimal.Round(taxed * 0.25m, 9, MidpointRounding.ToEven));
        var exact = Sum(kind => kind != "rounding");
        Of("rounding")["amount_usd"] = Text(decimal.Round(exact, 2, MidpointRounding.ToEven) - exact);
    }

    static decimal Usd(JsonNode text) => decimal.Parse(text.ToString(), CultureInfo.InvariantCulture);

    static string Text(decimal usd) => usd.ToString("0.00#######", CultureInfo.InvariantCulture);

    async Task<JsonObject> IssueAsync(DateOnly month) => await _house.DocumentAsync(
        Organisation, (await _house.Desk.IssueAsync(Organisation, month, "test", CancellationToken.None)).Number!);

    Task PostAsync(int from, int until) => _house.PostAsync([.. Enumerable.Range(from, until - from).Select(number =>
    {
        var usage = SalesHouse.Call(new Random(number), number, 1);
        return usage with
        {
            Tenant = Organisation,
            StartedAt = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero).AddHours(number * 137 % 1400),
            Outcome = AttemptOutcome.Succeeded,
        };
    })]);
}
