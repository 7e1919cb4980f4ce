using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;

namespace Sahab.Planning.Optimum;

/// <summary>A window of a commitment in the programme.</summary>
/// <param name="Commitment">Its name.</param>
/// <param name="Period">From 0.</param>
/// <param name="Row">Its row.</param>
/// <param name="Shortfall">The column of what is missing in it, in US dollars.</param>
/// <param name="OwedShare">What is owed of a missing dollar.</param>
internal sealed record WindowRow(string Commitment, int Period, int Row, int Shortfall, double OwedShare);

/// <summary>
/// The contracts of a scenario as the optimum sees them: prices of calls, a row for each window, and what is paid in any
/// case. What a linear programme cannot say is left out in a way that only makes things cheaper, so that what comes out
/// stays a bound from below: tiers of a rate are taken as reached from the beginning, what counts toward several
/// commitments counts toward each in full, caps and exclusivity bind nobody, and nothing that is paid ahead expires.
/// </summary>
internal sealed class ContractRows
{
    readonly Scenario _scenario;
    readonly ContractCalendar _calendar;
    readonly double _bucketMs;
    readonly PriceTerms?[,] _prices;
    readonly Dictionary<(string Contract, string Commitment, DateTimeOffset From), Window> _windows = [];
    readonly Dictionary<(int Deployment, int Hour), Window[]> _counts = [];

    public ContractRows(Scenario scenario)
    {
        _scenario = scenario;
        _calendar = new ContractCalendar(scenario);
        _bucketMs = scenario.Bucket.TotalMilliseconds;
        _prices = new PriceTerms?[scenario.Deployments.Length, (int)Math.Ceiling(scenario.Length / scenario.Bucket)];
        FindWindows();
        SettleIdle();
    }

    /// <summary>The windows that the programme has rows for, by commitment and period.</summary>
    public List<WindowRow> Rows { get; } = [];

    /// <summary>By contract, what is paid or granted in any case.</summary>
    public Dictionary<string, (string Provider, decimal ReservedUsd, decimal CreditUsd)> Fixed { get; } =
        new(StringComparer.Ordinal);

    /// <summary>What a programme cannot say and does not leave out either; null: nothing.</summary>
    public static string? ProblemOf(Scenario scenario) =>
        (from contract in scenario.Contracts?.Book.Contracts ?? []
         from version in contract.Versions
         from clause in version.Clauses.OfType<CommittedUse>()
         select $"contract {contract.Id}, clause {clause.Id}: the optimum does not know committed use, whose unused part "
            + "is lost every hour. Simulate without the optimum, or leave the clause out.").FirstOrDefault();

    /// <summary>The lowest prices of a deployment in a bucket by its contract, in US dollars.</summary>
    public PriceTerms LowestPrices(int deployment, int bucket, in PriceTerms own)
    {
        if (!_calendar.HasPrices)
        {
            return own;
        }

        if (_prices[deployment, bucket] is { } known)
        {
            return known;
        }

        PriceTerms? lowest = null;
        var last = _calendar.IndexAt(((bucket + 1) * _bucketMs) - 1);
        for (var hour = _calendar.IndexAt(bucket * _bucketMs); hour <= last; hour++)
        {
            var prices = PricesAt(deployment, hour, own);
            lowest = lowest is { } lower ? HindsightProgram.Lower(lower, prices) : prices;
        }

        _prices[deployment, bucket] = lowest;
        return lowest!.Value;
    }

    /// <summary>Adds a row for each window, and what every call draws on it.</summary>
    public void AddTo(LinearProgram program, List<Flow> flows)
    {
        foreach (var of in _windows.GroupBy(each => (each.Key.Contract, each.Key.Commitment)))
        {
            AddRows(program, [.. of.Select(each => each.Value).OrderBy(window => window.From)]);
        }

        foreach (var flow in flows)
        {
            // A bucket belongs to the hour of its middle.
            var hour = _calendar.IndexAt((flow.Served + 0.5) * _bucketMs);
            foreach (var window in CountedBy(flow.Deployment, hour))
            {
                program.Put(window.Row, flow.Column, DrawnUsd(flow, hour, window));
            }
        }
    }

    void AddRows(LinearProgram program, List<Window> windows)
    {
        var (carried, deferred) = (-1, -1);
        for (var period = 0; period < windows.Count; period++)
        {
            var (window, terms) = (windows[period], windows[period].Commitment);
            var amount = (double)(window.Amount * window.Usd * _calendar.Share);
            window.Row = program.AddRow(
                string.Create(CultureInfo.InvariantCulture, $"commitment {window.Name}, period {period}"),
                RowSense.AtLeast, amount - (window.IdleUnits * (double)(window.Usd * _calendar.Share)));
            var missing = program.AddColumn((double)terms.OwedShare);
            program.Put(window.Row, missing, 1);
            PutIf(program, window.Row, carried, 1);
            PutIf(program, window.Row, deferred, -1);
            Rows.Add(new WindowRow(window.Name, period, window.Row, missing, (double)terms.OwedShare));

            // What goes to the next window in the scenario has to be met there; beyond it, it is out of sight.
            var isLast = period == windows.Count - 1;
            carried = isLast ? -1 : Limited(program, window, -1, terms.SurplusRollover, amount, "surplus");
            deferred = terms.After(window.Agreed) is null
                ? -1 : Limited(program, window, 1, terms.ShortfallRollover, amount, "shortfall");
        }
    }

    static int Limited(LinearProgram program, Window window, double sign, decimal share, double amount, string what)
    {
        if (share == 0)
        {
            return -1;
        }

        var column = program.AddColumn(0);
        program.Put(window.Row, column, sign);
        var row = program.AddRow($"{what} that {window.Name} rolls over", RowSense.AtMost, (double)share * amount);
        program.Put(row, column, 1);
        return column;
    }

    static void PutIf(LinearProgram program, int row, int column, double value)
    {
        if (column >= 0)
        {
            program.Put(row, column, value);
        }
    }

    // At the price that it is paid at, a call that costs more than here draws as much more. At list price it may draw
    // more without costing more: there the most counts.
    double DrawnUsd(in Flow flow, int hour, Window window)
    {
        var call = flow.PerCall;
        if (window.Commitment.Measure == Measure.Quantity)
        {
            return (call.Prompt + call.Output) * (double)window.Usd;
        }

        return window.Commitment.Basis == DrawdownBasis.DiscountedPrice
            ? flow.UsdPerCall
            : HindsightProgram.UsdPerCall(call with { Prefix = 0 }, HighestListPrices(flow.Deployment, hour));
    }

    PriceTerms PricesAt(int deployment, int hour, in PriceTerms own)
    {
        var use = _calendar.Uses[deployment];
        if (_calendar.Contracts.TermsFor(use, _calendar.At(hour)) is not { } terms)
        {
            return own;
        }

        var rate = terms.RateFor(use);
        var tier = rate?.Tiers.Select(each => each.Discount).DefaultIfEmpty(0).Max() ?? 0;
        return Times(
            rate?.Tokens ?? own,
            (1 - (rate?.Discount ?? 0)) * (1 - tier)
                * _calendar.Contracts.UsdPerUnit(terms.Contract.Currency, _calendar.At(hour)));
    }

    PriceTerms HighestListPrices(int deployment, int hour)
    {
        var spec = _scenario.Deployments[deployment].Spec;
        var own = _scenario.PriceChanges.Where(change => change.Deployment == spec.Id)
            .Select(change => change.Prices).Aggregate(spec.Prices, Higher);
        var use = _calendar.Uses[deployment];
        var terms = _calendar.Contracts.TermsFor(use, _calendar.At(hour))!;
        return Times(
            terms.RateFor(use)?.Tokens ?? own,
            _calendar.Contracts.UsdPerUnit(terms.Contract.Currency, _calendar.At(hour)));
    }

    static PriceTerms Higher(PriceTerms left, PriceTerms right) => new(
        Math.Max(left.PromptNanoPerMillion, right.PromptNanoPerMillion),
        Math.Max(left.CachedNanoPerMillion, right.CachedNanoPerMillion),
        Math.Max(left.OutputNanoPerMillion, right.OutputNanoPerMillion));

    static PriceTerms Times(in PriceTerms prices, decimal factor) => factor == 1 ? prices : new PriceTerms(
        (long)(prices.PromptNanoPerMillion * factor), (long)(prices.CachedNanoPerMillion * factor),
        (long)(prices.OutputNanoPerMillion * factor));

    Window[] CountedBy(int deployment, int hour)
    {
        if (_counts.TryGetValue((deployment, hour), out var known))
        {
            return known;
        }

        var use = _calendar.Uses[deployment];
        return _counts[(deployment, hour)] = _calendar.Contracts.TermsFor(use, _calendar.At(hour)) is null
            ? []
            : [.. OpenAt(use.Provider, hour).Where(window => window.Commitment.Counts(use))];
    }

    IEnumerable<Window> OpenAt(string provider, int hour) =>
        from terms in _calendar.Contracts.At(provider, _calendar.At(hour))
        from commitment in terms.Commitments
        let window = commitment.WindowAt(_calendar.At(hour))
        where window is not null
        let known = _windows.GetValueOrDefault((terms.Contract.Id, commitment.Id, window.From))
        where known is not null
        select known;

    // As the last hour of each has it: an amendment may have restated it before. One whose clause is dropped, or whose
    // contract ends, before its end is never trued up.
    void FindWindows()
    {
        StateWindows();
        foreach (var key in _windows.Keys.Where(key => _windows[key].Agreed.Until != _windows[key].Last.End).ToList())
        {
            _windows.Remove(key);
        }
    }

    void StateWindows()
    {
        foreach (var provider in _calendar.Contracts.Providers)
        {
            for (var hour = 0; hour < _calendar.Hours; hour++)
            {
                foreach (var terms in _calendar.Contracts.At(provider, _calendar.At(hour)))
                {
                    foreach (var commitment in terms.Commitments)
                    {
                        if (commitment.WindowAt(_calendar.At(hour)) is { } window)
                        {
                            var usd = _calendar.Contracts.UsdPerUnit(terms.Contract.Currency, _calendar.At(hour));
                            var key = (terms.Contract.Id, commitment.Id, window.From);
                            var known = _windows.GetValueOrDefault(key)
                                ?? (_windows[key] = new Window(terms.Contract.Id, window.From));
                            known.Restate(commitment, window, usd * commitment.UnitWorth, _calendar.At(hour));
                        }
                    }
                }
            }
        }
    }

    /// <summary>What is paid, granted and drawn though nobody calls.</summary>
    void SettleIdle()
    {
        foreach (var provider in _calendar.Contracts.Providers)
        {
            var fold = new StatementFold(_calendar.Contracts, provider, _calendar.First);
            for (var hour = 0; hour < _calendar.Hours; hour++)
            {
                foreach (var line in fold.Settle([]))
                {
                    CountIdle(line, hour);
                }
            }
        }
    }

    void CountIdle(StatementLine line, int hour)
    {
        var usd = line.EffectiveUsd * _calendar.Share;
        var known = Fixed.GetValueOrDefault(line.Contract!, (line.Provider, 0m, 0m));
        if (line.Kind is StatementKind.Fixed)
        {
            Fixed[line.Contract!] = (known.Item1, known.Item2 + usd, known.Item3);
            foreach (var window in OpenAt(line.Provider, hour).Where(window => window.Commitment.Counts(line.Use!)))
            {
                window.IdleUnits += (double)(window.Commitment.Measure == Measure.Quantity ? line.Quantity : line.List);
            }
        }
        else if (line.Kind is StatementKind.Credit)
        {
            Fixed[line.Contract!] = (known.Item1, known.Item2, known.Item3 + usd);
        }
    }

    /// <summary>A window, as it is agreed when it ends.</summary>
    sealed class Window(string contract, DateTimeOffset from)
    {
        public DateTimeOffset From => from;

        public string Name => ContractDesk.NameOf(contract, Commitment.Id);

        public Commitment Commitment { get; private set; } = null!;

        public CommitmentWindow Agreed { get; private set; } = null!;

        public decimal Amount => Agreed.Amount;

        /// <summary>US dollars for a unit of what is counted.</summary>
        public decimal Usd { get; private set; }

        /// <summary>What fees draw of it by themselves.</summary>
        public double IdleUnits { get; set; }

        public int Row { get; set; }

        /// <summary>The last hour in which it is open.</summary>
        public Hour Last { get; private set; }

        public void Restate(Commitment commitment, CommitmentWindow window, decimal usd, Hour hour) =>
            (Commitment, Agreed, Usd, Last) = (commitment, window, usd, hour);
    }
}
