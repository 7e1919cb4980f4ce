using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Configuration;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab check FILE</c>: says everything that is wrong or risky in a configuration.</summary>
internal static class CheckCommand
{
    /// <summary>Nothing keeps the configuration from being applied.</summary>
    public const int Fine = 0;

    /// <summary>There are errors.</summary>
    public const int HasErrors = 1;

    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var file = new Argument<string>("FILE") { Description = "The configuration, such as sahab.yaml." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of lines." };
        var withoutSecrets = new Option<bool>("--without-secrets")
        {
            Description = "Do not look secrets up, as where the file is reviewed and they are not at hand.",
        };
        var command = new Command(
            "check", "Check a configuration: every error with its line, and what is risky. Exits with 1 on errors.")
        {
            file, json, withoutSecrets,
        };
        command.SetAction(result => Run(
            console, environment, result.GetRequiredValue(file), result.GetValue(json),
            !result.GetValue(withoutSecrets)));
        return command;
    }

    static int Run(
        IAnsiConsole console, Func<string, string?> environment, string file, bool json, bool lookUpSecrets)
    {
        var reading = new ConfigReader(environment, lookUpSecrets).Read(file);
        if (json)
        {
            // Past the console's layout, which would break long lines.
            console.Profile.Out.Writer.WriteLine(ToJson(reading).ToJsonString(Indented));
        }
        else
        {
            Print(console, reading);
        }

        return reading.Config is null ? HasErrors : Fine;
    }

    /// <summary>Prints the problems, one on a line, and a summary.</summary>
    public static void Print(IAnsiConsole console, ConfigReading reading)
    {
        foreach (var problem in reading.Problems)
        {
            WriteLine(console, problem.ToString(), problem.Severity == Severity.Error ? "red" : "yellow");
        }

        var errors = Count(reading.Errors.Length, "error");
        var warnings = Count(reading.Warnings.Length, "warning");
        if (reading.Config is not { } config)
        {
            var later = reading.Warnings.Length == 0 ? "; risks are looked for once there are none" : "";
            WriteLine(console, $"{reading.Source}: {errors}{later}", "red");
            return;
        }

        var contents = string.Join(
            ", ",
            Count(config.Providers.Length, "provider"), Count(config.Models.Length, "model"),
            Count(config.Deployments.Length, "deployment"), Count(config.Tenants.Length, "tenant"),
            Count(config.Tenants.Sum(tenant => tenant.Keys.Length), "key"));
        WriteLine(console, $"{reading.Source}: valid, {warnings}: {contents}", "green");
        if (ProofOf(reading) is { Scopes: > 0 } proof)
        {
            WriteLine(
                console,
                $"{reading.Source}: residency: {Count(proof.Scopes, "tenant or key")} with rules, {Count(proof.Paths, "path")}: "
                + $"{proof.Open} stay within the rules, {proof.Closed} are closed by the server, none leaves them",
                "green");
        }
    }

    static void WriteLine(IAnsiConsole console, string line, string color)
    {
        if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi)
        {
            console.MarkupLine($"[{color}]{Markup.Escape(line)}[/]");
        }
        else
        {
            // One problem, one line, however long: what reads a redirected output counts on it.
            console.Profile.Out.Writer.WriteLine(line);
        }
    }

    static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    static ProofSummary? ProofOf(ConfigReading reading) => reading.Config is { } config
        ? ProofSummary.Of(new ResidencyProof(config, reading.ExportsTelemetry))
        : null;

    static JsonObject ToJson(ConfigReading reading) => new()
    {
        ["file"] = reading.Source,
        ["valid"] = reading.Config is not null,
        ["residency"] = ProofOf(reading) is not { } proof ? null : new JsonObject
        {
            ["scopes"] = proof.Scopes,
            ["paths"] = proof.Paths,
            ["open"] = proof.Open,
            ["closed"] = proof.Closed,
        },
        ["errors"] = ToJson(reading.Errors),
        ["warnings"] = ToJson(reading.Warnings),
    };

    static JsonArray ToJson(IEnumerable<ConfigProblem> problems) => new([.. problems.Select(problem => new JsonObject
    {
        ["line"] = problem.Line,
        ["column"] = problem.Column,
        ["key"] = problem.Key,
        ["message"] = problem.Message,
        ["remedy"] = problem.Remedy,
    })]);
}
