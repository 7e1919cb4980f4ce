using System.Globalization;
using System.Text.Json;
using Sahab.Planning.Traces;
using Sahab.Server.Hosting;
using Spectre.Console;

namespace Sahab.Server.Plan.Replay;

/// <summary>
/// Shows a replay as it goes, with a bar where there is a terminal and in plain lines elsewhere, and then its report.
/// </summary>
internal sealed class ReplayView(
    IAnsiConsole console, TimeProvider time, ReplayOptions options, TraceSummary summary, bool asJson)
{
    static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(250);

    static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    static readonly JsonSerializerOptions Json = CreateJson();

    TextWriter Writer => console.Profile.Out.Writer;

    bool IsTerminal => console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi;

    public async Task<ReplayReport> ShowAsync(ReplayRun run, CancellationToken stop)
    {
        if (asJson)
        {
            return await run.RunAsync(stop);
        }

        Line($"Replaying {summary.Requests:N0} requests at {options.Speed:0.###} times their speed, in {Clock(Length)}");
        return IsTerminal && !options.Loop ? await ShowBarAsync(run, stop) : await ShowLinesAsync(run, stop);
    }

    public void Print(ReplayReport report)
    {
        if (asJson)
        {
            Writer.WriteLine(JsonSerializer.Serialize(report, Json));
            return;
        }

        var calls = report.Calls;
        Line($"{calls.Sent:N0} calls to {options.Model} in {report.ElapsedSeconds:N1} s");
        Line($"{calls.Succeeded:N0} went well, {calls.Refused:N0} refused with 429 or 503, {calls.Failed:N0} failed");
        if (calls.Abandoned > 0)
        {
            Line($"{calls.Abandoned:N0} were in flight when the replay was stopped");
        }

        var loop = report.OpenLoop;
        if (loop.HeldBack == 0)
        {
            Line($"Open loop: no request was held back by the bound of {loop.MaxInFlight:N0} calls in flight");
        }
        else
        {
            Line($"NOT an open loop: {loop.HeldBack:N0} requests waited, with {loop.MaxInFlight:N0} calls in flight");
        }

        PrintTimes(report);
        PrintErrors(report);
        PrintProviders(report);
    }

    TimeSpan Length
    {
        get
        {
            var length = summary.Length / options.Speed;
            return options.Duration is { } duration && (duration < length || options.Loop) ? duration : length;
        }
    }

    async Task<ReplayReport> ShowBarAsync(ReplayRun run, CancellationToken stop)
    {
        ReplayReport? report = null;
        await console.Progress()
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask("sending", maxValue: Math.Max(1, Length.TotalMilliseconds));
                report = await WatchAsync(run, BarInterval, progress =>
                {
                    bar.Value = Math.Min(run.Elapsed.TotalMilliseconds, bar.MaxValue);
                    bar.Description = Markup.Escape(Describe(progress));
                }, stop);
                bar.Value = bar.MaxValue;
            });
        return report!;
    }

    Task<ReplayReport> ShowLinesAsync(ReplayRun run, CancellationToken stop) =>
        WatchAsync(run, LineInterval, progress => Writer.WriteLine($"{Clock(run.Elapsed)} {Describe(progress)}"), stop);

    async Task<ReplayReport> WatchAsync(
        ReplayRun run, TimeSpan interval, Action<ReplayProgress> show, CancellationToken stop)
    {
        var running = run.RunAsync(stop);
        using var timer = new PeriodicTimer(interval, time);
        while (await Task.WhenAny(running, timer.WaitForNextTickAsync(CancellationToken.None).AsTask()) != running)
        {
            show(run.Progress);
        }

        return await running;
    }

    void PrintTimes(ReplayReport report)
    {
        var table = NewTable("milliseconds", "calls", "p50", "p90", "p99", "max");
        foreach (var (name, times) in new[]
        {
            ("first token", report.FirstTokenMs), ("whole answer", report.TotalMs),
            ("sent later than due", report.OpenLoop.LatenessMs),
        })
        {
            table.AddRow(
                name, Number(times.Count), Tenths(times.P50), Tenths(times.P90), Tenths(times.P99), Tenths(times.Max));
        }

        console.Write(table);
    }

    void PrintErrors(ReplayReport report)
    {
        if (report.Errors.Count == 0)
        {
            return;
        }

        var table = NewTable("error", "calls");
        foreach (var error in report.Errors)
        {
            table.AddRow(
                Markup.Escape(error.Status == 0 ? error.Code : Invariant($"{error.Status} {error.Code}")),
                Number(error.Calls));
        }

        console.Write(table);
    }

    void PrintProviders(ReplayReport report)
    {
        var table = NewTable("provider", "calls", "prompt", "cached", "cache write", "output", "cost USD");
        foreach (var provider in report.Providers)
        {
            table.AddRow(
                Markup.Escape(provider.Provider), Number(provider.Calls), Number(provider.PromptTokens),
                Number(provider.CachedTokens), Number(provider.CacheWriteTokens), Number(provider.OutputTokens),
                provider.CostUsd?.ToString("0.000000", CultureInfo.InvariantCulture) ?? "");
        }

        console.Write(table);
        if (report.Providers.All(provider => provider.CostUsd is null))
        {
            Writer.WriteLine("For the cost, name an admin key: --admin-key-env SAHAB_ADMIN_KEY");
        }
    }

    static Table NewTable(string first, params string[] figures)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(first);
        foreach (var figure in figures)
        {
            table.AddColumn(new TableColumn(figure).RightAligned());
        }

        return table;
    }

    static string Describe(ReplayProgress progress) => Invariant(
        $"sent {progress.Sent:N0}, in flight {progress.InFlight:N0}, refused {progress.Refused:N0}, ")
        + Invariant($"failed {progress.Failed:N0}, held back {progress.HeldBack:N0}");

    static string Clock(TimeSpan time) => time < TimeSpan.FromMinutes(1)
        ? Invariant($"{time.TotalSeconds:0.0} s")
        : time.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture);

    static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string Tenths(double number) => number.ToString("N1", CultureInfo.InvariantCulture);

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    void Line(FormattableString text) => Writer.WriteLine(Invariant(text));

    static JsonSerializerOptions CreateJson()
    {
        var json = new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" };
        ControlJson.Configure(json);
        return json;
    }
}
