using System.Globalization;
using Sahab.Planning.Optimum;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Routing.Snapshot;
using Spectre.Console;

namespace Sahab.Server.Plan.Scenarios;

/// <summary>Shows a simulation as it goes, with a bar where there is a terminal, and then what it found.</summary>
internal sealed class ScenarioView(IAnsiConsole console, TimeProvider time)
{
    TextWriter Writer => console.Profile.Out.Writer;

    bool IsTerminal => console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi;

    /// <summary>Runs one policy and tells how fast it went.</summary>
    public SimulationReport Simulate(Scenario scenario, CancellationToken stop)
    {
        var begun = time.GetTimestamp();
        var report = IsTerminal ? SimulateWithBar(scenario, stop) : new Simulator(scenario).Run(null, stop);
        var minutes = time.GetElapsedTime(begun).TotalMinutes;
        Line($"{report.Policy}: {report.Calls.Arrived:N0} calls in {minutes * 60:0.0} s, "
            + Invariant($"{report.Calls.Arrived / minutes / 1e6:0.00} million a minute"));
        return report;
    }

    public void Print(ScenarioOutcome outcome, Scenario scenario)
    {
        Line($"{outcome.Scenario}: {scenario.Length.TotalHours:0.##} hours, seed {outcome.Seed}, "
            + Invariant($"scale {outcome.Scale:0.####}"));
        PrintPolicies(outcome);
        if (outcome.Policies is [var only])
        {
            PrintProviders(only.Report);
            PrintContracts(only.Report);
            PrintTiers(only.Report);
            PrintGroups(only.Report);
        }

        PrintCommitments(outcome);
        if (outcome.Optimum is { } optimum)
        {
            PrintOptimum(optimum);
        }
    }

    /// <summary>What each policy came to over several seeds, as Markdown.</summary>
    public void Print(ScenarioSpread spread)
    {
        var table = NewTable("policy", "total USD", "least", "most", "regret", "least", "most", "all tiers met");
        table.Border = TableBorder.Markdown;
        foreach (var each in spread.Policies)
        {
            table.AddRow(
                each.Policy, Usd(each.MeanUsd), Usd(each.LeastUsd), Usd(each.MostUsd), Regret(each.MeanRegret),
                Regret(each.LeastRegret), Regret(each.MostRegret),
                Invariant($"{each.AllMet} of {spread.Outcomes.Length}"));
        }

        Line(Invariant($"{spread.Scenario}, {spread.Outcomes.Length} seeds:"));
        console.Write(table);
    }

    static string Regret(double? regret) => regret is { } figure ? Invariant($"{figure:0.000}") : "";

    SimulationReport SimulateWithBar(Scenario scenario, CancellationToken stop) => console.Progress()
        .Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            var bar = context.AddTask(Markup.Escape(scenario.Profile.Name));
            var report = new Simulator(scenario).Run(
                progress =>
                {
                    bar.Value = progress.Share * bar.MaxValue;
                    bar.Description = Markup.Escape(Invariant($"{scenario.Profile.Name}, {progress.Calls:N0} calls"));
                },
                stop);
            bar.Value = bar.MaxValue;
            return report;
        });

    void PrintPolicies(ScenarioOutcome outcome)
    {
        var table = NewTable(
            "policy", "usage USD", "reserved", "shortfall", "total", "unserved %", "spill %", "tiers met", "regret");
        foreach (var (report, regret) in outcome.Policies)
        {
            var unserved = 1 - ((double)report.Calls.Served / Math.Max(1, report.Calls.Arrived));
            table.AddRow(
                report.Policy, Usd(report.Cost.UsageUsd), Usd(report.Cost.ReservedUsd), Usd(report.Cost.ShortfallUsd),
                Usd(report.Cost.TotalUsd), Percent(unserved), Percent(report.Spill.Share),
                Invariant($"{report.Tiers.Count(tier => tier.IsMet == true)} of {report.Tiers.Length}"),
                regret is { } figure ? Invariant($"{figure:0.0000}") : "");
        }

        if (outcome.Optimum is { Status: SolverStatus.Optimal } optimum)
        {
            table.AddRow(
                "optimum", Usd(optimum.Cost.UsageUsd), Usd(optimum.Cost.ReservedUsd), Usd(optimum.Cost.ShortfallUsd),
                Usd(optimum.Cost.TotalUsd), "", "", "", "1");
        }

        console.Write(table);
    }

    void PrintProviders(SimulationReport report)
    {
        var table = NewTable("deployment", "provider", "calls", "usage USD", "reserved", "busy %");
        foreach (var each in report.Deployments)
        {
            table.AddRow(
                Markup.Escape(each.Deployment), Markup.Escape(each.Provider), Number(each.Calls), Usd(each.UsageUsd),
                Usd(each.ReservedUsd), Percent(each.BusyShare));
        }

        foreach (var each in report.Providers)
        {
            table.AddRow(
                "all", Markup.Escape(each.Provider), Number(each.Calls), Usd(each.UsageUsd), Usd(each.ReservedUsd), "");
        }

        console.Write(table);
    }

    void PrintContracts(SimulationReport report)
    {
        var table = NewTable(
            "contract", "provider", "usage USD", "reserved", "shortfall", "expired", "credit", "total");
        foreach (var each in report.Contracts)
        {
            table.AddRow(
                Markup.Escape(each.Contract ?? "none"), Markup.Escape(each.Provider), Usd(each.UsageUsd),
                Usd(each.ReservedUsd), Usd(each.ShortfallUsd), Usd(each.ExpiredUsd), Usd(each.CreditUsd),
                Usd(each.TotalUsd));
        }

        console.Write(table);
    }

    void PrintTiers(SimulationReport report)
    {
        var table = NewTable(
            "tier", "tenant", "calls", "refused", "failed", "in time %", "target %", "met", "first token p50 ms",
            "p99 ms");
        foreach (var level in report.Tiers.Concat(report.Tenants).Concat(report.TiersOfTenants))
        {
            table.AddRow(
                level.Tier ?? "all", Markup.Escape(level.Tenant ?? "all"), Number(level.Calls),
                Number(level.Refused + level.Limited), Number(level.Failed), Percent(level.InTimeShare),
                level.Target is { } target ? Percent(target) : "",
                level.IsMet switch { true => "yes", false => "NO", null => "" },
                level.FirstTokenMs is { } times ? Invariant($"{times.P50:N0}") : "",
                level.FirstTokenMs is { } same ? Invariant($"{same.P99:N0}") : "");
        }

        console.Write(table);
    }

    void PrintGroups(SimulationReport report)
    {
        if (report.Groups.IsEmpty)
        {
            return;
        }

        var table = NewTable("group", "calls at reserved", "tokens", "of all %", "calls elsewhere", "tokens");
        var all = report.Deployments.Where(each => each.Kind == CapacityKind.Reserved)
            .Sum(each => each.PromptTokens + each.OutputTokens);
        foreach (var group in report.Groups)
        {
            table.AddRow(
                Markup.Escape(group.Group), Number(group.ReservedCalls), Number(group.ReservedTokens),
                Percent((double)group.ReservedTokens / Math.Max(1, all)), Number(group.SpilledCalls),
                Number(group.SpilledTokens));
        }

        console.Write(table);
    }

    void PrintCommitments(ScenarioOutcome outcome)
    {
        if (outcome.Policies.All(each => each.Report.Commitments.IsEmpty))
        {
            return;
        }

        var table = NewTable("commitment", "period", "policy", "committed USD", "drawn", "shortfall");
        foreach (var (report, _) in outcome.Policies)
        {
            foreach (var each in report.Commitments)
            {
                table.AddRow(
                    Markup.Escape(each.Commitment), Number(each.Period), report.Policy, Usd(each.CommittedUsd),
                    Usd(each.DrawnUsd), Usd(each.ShortfallUsd));
            }
        }

        console.Write(table);
    }

    void PrintOptimum(HindsightReport optimum)
    {
        Line($"optimum with hindsight: {optimum.Status}, {optimum.Rows:N0} rows, {optimum.Columns:N0} columns, "
            + $"by {optimum.Solver}");
        if (optimum.Status == SolverStatus.Infeasible)
        {
            Line($"No choice fulfils all of it. Rows at fault, of {optimum.AtFault.Length:N0}:");
            foreach (var row in optimum.AtFault.Take(20))
            {
                Line($"  {row.Name}, by {row.By:0.###}");
            }
        }

        if (optimum.Commitments.Length + optimum.Capacities.Length == 0)
        {
            return;
        }

        var table = NewTable("shadow price", "of", "value", "highest", "shortfall USD");
        foreach (var each in optimum.Commitments)
        {
            table.AddRow(
                "lambda", Markup.Escape(Invariant($"{each.Commitment}, period {each.Period}")),
                Invariant($"{each.Lambda:0.0000}"), "", Usd(each.ShortfallUsd));
        }

        foreach (var each in optimum.Capacities)
        {
            table.AddRow(
                "mu, USD/h", Markup.Escape(each.Deployment), Invariant($"{each.MeanMu:0.0000}"),
                Invariant($"{each.MaxMu:0.0000}"), "");
        }

        console.Write(table);
    }

    static Table NewTable(params string[] names)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(names[0]);
        foreach (var name in names[1..])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        return table;
    }

    static string Usd(decimal usd) => usd.ToString("N2", CultureInfo.InvariantCulture);

    static string Percent(double share) => (share * 100).ToString("0.00", CultureInfo.InvariantCulture);

    static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    void Line(string text) => Writer.WriteLine(text);
}
