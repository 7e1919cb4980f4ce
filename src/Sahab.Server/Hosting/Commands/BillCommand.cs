using System.CommandLine;
using System.Globalization;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Reconciliation;
using Sahab.Server.Source.Bills;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab bill</c>: what providers should bill, whether a bill is sound, and where the two differ.</summary>
internal static class BillCommand
{
    const int Differs = 2;

    const string CostAndUsage = "cost-and-usage";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("bill", "Compare what providers bill with what was used.")
        {
            Export(console, environment), Check(console), Reconcile(console, environment),
        };

    static Command Export(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var month = Month();
        var provider = new Option<string?>("--provider") { Description = "Of this provider only." };
        var dataset = new Option<string>("--dataset")
        {
            Description = "What was used in a month, or what the contracts commit us to as they stand.",
            DefaultValueFactory = _ => CostAndUsage,
        };
        dataset.AcceptOnlyFromAmong(CostAndUsage, "contract-commitment");
        var version = new Option<string?>("--focus-version")
        {
            Description = "The specification's version. Left out: the latest.",
        };
        var command = new Command("export", "Write what was used, or agreed, as a data set of FOCUS, in CSV.")
        {
            month, provider, dataset, version,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            if (parsed.GetValue(dataset) == CostAndUsage && parsed.GetValue(month) is null)
            {
                throw new CommandException("--month says of which month, such as 2026-11.");
            }

            using var client = server.Connect(parsed, environment);
            var csv = await client.GetTextAsync(
                PathOf(
                    ("month", parsed.GetValue(month)), ("provider", parsed.GetValue(provider)),
                    ("dataset", parsed.GetValue(dataset)), ("focus_version", parsed.GetValue(version))),
                cancellation);
            // Past the console's formatting, which would wrap long lines.
            console.Profile.Out.Writer.Write(csv);
            return 0;
        }));
        return command;
    }

    static Command Check(IAnsiConsole console)
    {
        var file = File();
        var skipped = new Option<bool>("--skipped") { Description = "List the rules that were not tried, and why." };
        var command = new Command("check", "Hold a data set to the rules of FOCUS.") { file, skipped };
        command.SetAction((parsed, _) => CommandRun.RunAsync(console, () =>
        {
            var table = Read(parsed.GetValue(file)!);
            var set = FocusDataSet.Recognise(table);
            var outcomes = FocusChecker.Check(table, set.Rules);
            foreach (var outcome in outcomes)
            {
                if (outcome.Verdict == FocusVerdict.Failed)
                {
                    console.Profile.Out.Writer.WriteLine(
                        $"failed   {outcome.Rule.Id}: {outcome.Rule.Requirement} ({outcome.Reason})");
                }
                else if (outcome.Verdict == FocusVerdict.Skipped && parsed.GetValue(skipped))
                {
                    console.Profile.Out.Writer.WriteLine($"skipped  {outcome.Rule.Id}: {outcome.Reason}");
                }
            }

            int Count(FocusVerdict verdict) => outcomes.Count(outcome => outcome.Verdict == verdict);
            console.Profile.Out.Writer.WriteLine(
                $"{set}: {Count(FocusVerdict.Passed)} rules passed, {Count(FocusVerdict.Skipped)} skipped, "
                + $"{Count(FocusVerdict.Failed)} failed");
            return Task.FromResult(Count(FocusVerdict.Failed) == 0 ? 0 : Differs);
        }));
        return command;
    }

    static Command Reconcile(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var file = File();
        var month = Month();
        month.Required = true;
        var provider = new Option<string>("--provider") { Description = "Whose bill it is.", Required = true };
        var tolerance = Tolerance();
        var command = new Command("reconcile", "List where a provider's bill differs from what was used, and why.")
        {
            file, month, provider, tolerance,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var (theirs, differences) = await CompareAsync(
                client, parsed.GetValue(file)!, parsed.GetValue(month)!, parsed.GetValue(provider)!, parsed.GetValue(tolerance),
                cancellation);
            return Print(console, theirs, differences);
        }));
        return command;
    }

    /// <summary>Where a bill in a file differs from what a server has of the month.</summary>
    /// <exception cref="CommandException">The file or the tolerance is none, or there is no answer.</exception>
    public static async Task<(BillBooks Theirs, IReadOnlyList<BillDifference> Differences)> CompareAsync(
        ControlClient client, string file, string month, string provider, decimal tolerance, CancellationToken cancellation)
    {
        var theirs = BooksOf(Read(file), file);
        var csv = await client.GetTextAsync(PathOf(("month", month), ("provider", provider)), cancellation);
        var ours = BooksOf(FocusCsv.Read(new StringReader(csv)), "the server's answer");
        return tolerance >= 0
            ? (theirs, Reconciler.Compare(ours, theirs, tolerance))
            : throw new CommandException("--tolerance must be at least 0.");
    }

    /// <summary>What bills may be off by.</summary>
    public static Option<decimal> Tolerance() => new("--tolerance")
    {
        Description = "What an amount may be off by, in US dollars: bills round.",
        DefaultValueFactory = _ => 0.000001m,
    };

    /// <summary>The cause of a difference, in words.</summary>
    public static string Say(BillDifference difference) => difference.Cause switch
    {
        DifferenceCause.MissingHour => "the hour is missing",
        DifferenceCause.UnknownUsage => "we know of no such usage",
        DifferenceCause.CachedBilledTwice => "cached tokens are billed twice",
        DifferenceCause.CachedBilledAsPrompt => "cached tokens are billed as uncached",
        DifferenceCause.OtherRate => "another price",
        DifferenceCause.OtherRegion => $"billed in {difference.BilledRegion}",
        DifferenceCause.LaterHour => "billed in a later hour",
        _ => "other tokens",
    };

    static int Print(IAnsiConsole console, BillBooks theirs, IReadOnlyList<BillDifference> differences)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("hour", "region", "model", "tokens of", "cause");
        foreach (var figure in (string[])["ours", "billed", "overbilled USD"])
        {
            table.AddColumn(new TableColumn(figure).RightAligned().NoWrap());
        }

        foreach (var difference in differences)
        {
            var key = difference.Key;
            table.AddRow(
                key.Hour.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), Markup.Escape(key.Region),
                Markup.Escape(key.Model), TokenMeters.NameOf(key.Meter), Markup.Escape(Say(difference)),
                Tokens(difference.Ours.Tokens), Tokens(difference.Theirs.Tokens),
                difference.OverbilledUsd.ToString("0.00####", CultureInfo.InvariantCulture));
        }

        var writer = console.Profile.Out.Writer;
        if (differences.Count > 0)
        {
            console.Write(table);
        }

        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{differences.Count} differences, {differences.Sum(each => each.OverbilledUsd):0.00####} USD billed too much; "
            + $"{theirs.OtherRows} rows of {theirs.OtherUsd:0.00####} USD are not token usage and were not compared"));
        return differences.Count == 0 ? 0 : Differs;
    }

    static string Tokens(decimal tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);

    static string PathOf(params (string Name, string? Value)[] parameters) => "api/bill?" + string.Join('&', parameters
        .Where(each => each.Value is not null).Select(each => $"{each.Name}={Uri.EscapeDataString(each.Value!)}"));

    static Argument<string> File() => new("file") { Description = "The bill: a data set of FOCUS in CSV." };

    static Option<string?> Month() => new("--month")
    {
        Description = "The month, such as 2026-11, or a day of it, such as 2026-11-22.",
    };

    static FocusTable Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return FocusCsv.Read(reader);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new CommandException($"{path} cannot be read: {error.Message}");
        }
    }

    static BillBooks BooksOf(FocusTable table, string name)
    {
        try
        {
            return BillBooks.Read(table);
        }
        catch (FormatException error)
        {
            throw new CommandException($"{name}: {error.Message}");
        }
    }
}
