using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Sell.Invoices;

namespace Sahab.Server.Hosting.Commands;

/// <summary>
/// Holds an invoice or credit note in JSON against the receipts that there were when it was issued, and against itself: what
/// its lines, its totals, its tax and its rounding come to. Says what of it receipts cannot prove.
/// </summary>
internal sealed class InvoiceCheck
{
    /// <summary>The totals, and the kinds of the lines that each is the sum of.</summary>
    static readonly Dictionary<string, string[]> Totals = new()
    {
        ["usage_usd"] = ["usage", "call_rounding", "late_usage"],
        ["discounts_usd"] = ["free", "volume", "late_discount"],
        ["fees_usd"] = ["product", "minimum", "reservation"],
        ["corrections_usd"] = ["correction"],
        ["tax_usd"] = ["tax"],
        ["credits_usd"] = ["credit", "credit_kept"],
        ["rounding_usd"] = ["rounding"],
    };

    /// <summary>What stands behind lines that calls do not.</summary>
    static readonly Dictionary<string, string> Grounds = new()
    {
        ["free"] = "free tokens are the plan's",
        ["volume"] = "volume discounts are of the plan's bands",
        ["late_discount"] = "what later calls change of discounts is of the plan's bands",
        ["product"] = "fees are as agreed",
        ["minimum"] = "minimums are as agreed",
        ["reservation"] = "reservations are at the price of their offer",
        ["tax"] = "which tax is due, and its rate",
        ["credit"] = "credit that was drawn",
        ["correction"] = "what is taken back",
    };

    readonly ReceiptChain _chain;
    readonly JsonObject _document;
    readonly List<Line> _lines;
    readonly List<string> _problems = [];
    readonly List<string> _notProven = [];
    readonly long _through;

    /// <exception cref="CommandException">The document or an earlier one is not as the server gives it.</exception>
    public InvoiceCheck(ReceiptChain chain, JsonObject document, IReadOnlyList<JsonObject> earlier)
    {
        (_chain, _document) = (chain, document);
        try
        {
            _lines = LinesOf(document);
            _through = document["receipts"]?["through"]?.GetValue<long>() ?? long.MaxValue;
            if (IsOfTheSame(document))
            {
                CheckItself();
                CheckCalls([.. earlier.Where(IsOfTheSame)]);
            }
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or NullReferenceException
            or OverflowException)
        {
            throw new CommandException("The invoice is not one in JSON, as the server gives it.");
        }
    }

    /// <summary>What does not agree; empty: all that can be checked does.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What stands in the document that receipts say nothing of.</summary>
    public IReadOnlyList<string> NotProven => _notProven;

    /// <summary>What agrees, where there is no problem.</summary>
    public string Finding => (IsInvoice ? "The invoice's usage is what they come to, and its " : "The document's ")
        + "totals, tax and rounding are what its lines come to.";

    bool IsInvoice => _document["object"]?.ToString() != "credit-note";

    bool IsOfTheSame(JsonObject document)
    {
        var (organisation, receipts) = (document["organisation"]?.ToString(), _chain.Organisation);
        if (organisation is not null && receipts is not null && organisation != receipts)
        {
            _problems.Add($"The invoice is of {organisation}, and the receipts are of {receipts}.");
            return false;
        }

        return true;
    }

    void CheckItself()
    {
        foreach (var line in _lines.Where(line => !Totals.Values.Any(kinds => kinds.Contains(line.Kind))))
        {
            _problems.Add($"Line {line.Number} is of the kind '{line.Kind}', which is not known.");
        }

        foreach (var (name, kinds) in Totals)
        {
            Expect($"totals.{name}", UsdOf(_document["totals"]![name]!), "its lines come to", Sum(kinds));
        }

        Expect("totals.total_usd", UsdOf(_document["totals"]!["total_usd"]!), "all lines come to", Sum(_ => true));
        var taxed = Sum(line => line.Kind is not ("tax" or "credit" or "credit_kept" or "rounding"));
        Expect(
            "The tax", Sum("tax"), "its rate of what is taxed comes to",
            InvoiceBuilder.TaxOn(NanoOf(taxed), InvoiceDesk.TaxOf(_document)).ToUsd());
        Expect(
            "The rounding", Sum("rounding"), "rounding the rest to a cent makes",
            InvoiceBuilder.RoundingOf(NanoOf(Sum(line => line.Kind != "rounding"))).ToUsd());
        if (_lines.Exists(line => line.Kind == "credit_kept"))
        {
            Expect("What is kept as credit leaves", Sum(_ => true), "it must leave", 0);
        }

        _notProven.AddRange(Grounds.Where(pair => _lines.Exists(line => line.Kind == pair.Key))
            .Select(pair => $"{pair.Key} ({pair.Value})"));
    }

    void CheckCalls(IReadOnlyList<JsonObject> earlier)
    {
        if (!IsInvoice)
        {
            return;
        }

        if (_document["status"]?.ToString() == "issued" && _document["receipts"] is null)
        {
            _problems.Add("The invoice does not say which receipts there were when it was issued.");
        }
        else if (_through != long.MaxValue && (_through < 0 || _through > _chain.Count))
        {
            _problems.Add(string.Create(
                CultureInfo.InvariantCulture, $"The invoice knows of {_through} receipts, and there are {_chain.Count}."));
        }
        else if (_through != long.MaxValue && _document["receipts"]!["hash"]!.ToString() != _chain.HashOf(_through))
        {
            _problems.Add(string.Create(
                CultureInfo.InvariantCulture, $"The invoice was issued after another receipt {_through} than the one here: its hash is another."));
        }

        CheckUsage();
        CheckLate(earlier);
    }

    /// <summary>Tokens by price, what they come to, and that with the rounding of each call.</summary>
    void CheckUsage()
    {
        var month = MonthOf(_document["month"]!.ToString());
        var receipts = MonthlyCharges.UsageLines(month, SoldOf(_chain.StandingOf(month, _through))).ToList();
        var lines = _lines.Where(line => line.Kind is "usage" or "call_rounding").ToList();
        Compare(
            lines.ToLookup(line => $"{line.Model}, {line.ServiceTier}, {line.Plan}: the invoice charges", line => line.Amount),
            receipts.ToLookup(line => $"{line.Model}, {line.ServiceTier}, {line.Plan}: the invoice charges", line => line.Amount.ToUsd()));
        Compare(
            lines.Where(line => line.Kind == "usage").ToLookup(line => line.TokensName(line.Price), line => line.Quantity),
            receipts.Where(line => line.UnitNano is not null)
                .ToLookup(line => Line.Of(line).TokensName(line.UnitNano!.Value / (decimal)NanoUsd.PerUsd), line => line.Quantity));
        foreach (var line in lines.Where(line => line.Kind == "usage"))
        {
            Expect(
                $"Line {line.Number}", line.Amount, "its tokens at its price come to",
                decimal.Round(line.Quantity * line.Price * 1000, MidpointRounding.ToEven) / NanoUsd.PerUsd);
        }
    }

    /// <summary>With the invoices before it, all that was charged of a model and month is what receipts come to.</summary>
    void CheckLate(IReadOnlyList<JsonObject> earlier)
    {
        var before = earlier.Where(
            each => string.CompareOrdinal(each["month"]!.ToString(), _document["month"]!.ToString()) < 0).ToList();
        var all = before.SelectMany(LinesOf).Concat(_lines).Where(line => Totals["usage_usd"].Contains(line.Kind)).ToList();
        var months = before.Select(each => each["month"]!.ToString()).ToHashSet(StringComparer.Ordinal);
        var unproven = new List<string>();
        // Of the months whose invoices are given, also what has no late line, and should have one.
        var changed = _lines.Where(line => line.Kind == "late_usage").Select(line => (line.Month, line.Model))
            .Concat(all.Where(line => months.Contains(line.Month)).Select(line => (line.Month, line.Model)))
            .Concat(months.SelectMany(month => _chain.StandingOf(MonthOf(month), _through).Select(
                receipt => (Month: month, receipt.Model))));
        foreach (var (month, model) in changed.Distinct().Order())
        {
            var charged = all.Where(line => line.Month == month && line.Model == model).Sum(line => line.Amount);
            var due = _chain.StandingOf(MonthOf(month), _through).Where(receipt => receipt.Model == model)
                .Sum(receipt => receipt.Amount.ToUsd());
            if (months.Contains(month))
            {
                Expect($"All that is charged for {model} in {month}", charged, "its receipts come to", due);
            }
            else if (charged != due && !unproven.Contains(month))
            {
                unproven.Add(month);
                _notProven.Add($"late_usage of {month} (give its invoice, and those after it, with --earlier)");
            }
        }
    }

    void Compare(ILookup<string, decimal> invoice, ILookup<string, decimal> receipts)
    {
        foreach (var name in invoice.Select(group => group.Key).Union(receipts.Select(group => group.Key)).Order(StringComparer.Ordinal))
        {
            Expect(name, invoice[name].Sum(), "the receipts come to", receipts[name].Sum());
        }
    }

    void Expect(string what, decimal told, string why, decimal right)
    {
        if (told != right)
        {
            _problems.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {told:0.#########}, and {why} {right:0.#########}."));
        }
    }

    decimal Sum(params string[] kinds) => Sum(line => kinds.Contains(line.Kind));

    decimal Sum(Func<Line, bool> which) => _lines.Where(which).Sum(line => line.Amount);

    static IEnumerable<SoldUsage> SoldOf(IEnumerable<Receipt> receipts) => receipts
        .GroupBy(receipt => (receipt.Model, receipt.ServiceTier, receipt.Plan, receipt.Prices))
        .Select(group => new SoldUsage(
            "", group.Key.Model, group.Key.ServiceTier, new SaleTerms(group.Key.Plan, group.Key.Prices), 0, group.Count(),
            new TokenUsage(
                group.Sum(receipt => receipt.Usage.PromptTokens), group.Sum(receipt => receipt.Usage.CachedTokens),
                group.Sum(receipt => receipt.Usage.OutputTokens), 0)
            {
                CacheWriteTokens = group.Sum(receipt => receipt.Usage.CacheWriteTokens),
                CacheWrite1hTokens = group.Sum(receipt => receipt.Usage.CacheWrite1hTokens),
            },
            group.Sum(receipt => (decimal)receipt.Amount.Value)));

    static DateOnly MonthOf(string text) => DateOnly.ParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture);

    static decimal UsdOf(JsonNode text) => decimal.Parse(text.ToString(), CultureInfo.InvariantCulture);

    static Int128 NanoOf(decimal usd) => (Int128)(usd * NanoUsd.PerUsd);

    static List<Line> LinesOf(JsonObject document) =>
        [.. document["lines"]!.AsArray().Select((line, index) => Line.Of(line!, index + 1))];

    /// <summary>What is checked of a line.</summary>
    /// <param name="Price">In dollars for a million tokens; 0: it has none.</param>
    sealed record Line(
        int Number, string Kind, string Month, string Model, string ServiceTier, string Plan, string Meter, decimal Quantity,
        decimal Price, decimal Amount)
    {
        public static Line Of(JsonNode line, int number)
        {
            string Text(string name) => line[name]?.ToString() ?? "";
            return new Line(
                number, Text("kind"), Text("month"), Text("model"), Text("service_tier"), Text("plan"), Text("meter"),
                line["quantity"] is { } quantity ? UsdOf(quantity) : 0,
                line["price_usd_per_million"] is { } price ? UsdOf(price) : 0, UsdOf(line["amount_usd"]!));
        }

        public static Line Of(InvoiceLine line) => new(
            0, "usage", "", line.Model, line.ServiceTier, line.Plan, line.Meter, line.Quantity, 0, line.Amount.ToUsd());

        public string TokensName(decimal price) => string.Create(
            CultureInfo.InvariantCulture,
            $"{Model}, {ServiceTier}, {Plan}, {Meter} tokens at {price:0.#########} USD for a million: the invoice counts");
    }
}
