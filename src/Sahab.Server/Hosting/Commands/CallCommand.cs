using System.CommandLine;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary>
/// <c>sahab call</c>, <c>sahab ledger</c>, <c>sahab incident</c> and <c>sahab status</c>: what ran, and how it runs.
/// </summary>
internal static class CallCommand
{
    /// <summary>Of an organisation's call.</summary>
    public static readonly string[] Columns =
        ["started_at", "call_id", "status", "key", "model", "service_tier", "prompt_tokens", "output_tokens", "amount_usd"];

    const string OfOrganisation = "api/organisations/{organisation}/calls";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("call", "Calls, one by one.")
        {
            maker.Ask(
                "latest", "The latest calls of all, for the operator.", "GET api/calls",
                ["id", "started_at", "tenant", "key", "model", "operation", "status", "duration_ms", "reason"],
                CommandField.Number("limit", "At most so many, up to 512."), CommandField.Text("model", "Of this model only."),
                CommandField.Text("tenant", "Of this organisation only."),
                CommandField.Text("outcome", "ok, failed, limited, refused or left.")),
            maker.Ask(
                "route", "Where a call like one of the latest would go now, and why.", "GET api/calls/{call}/route"),
            maker.Ask(
                "list", "An organisation's calls, the newest first.", $"GET {OfOrganisation}", Columns,
                CommandField.Number("limit", "At most so many. Left out: 100."),
                CommandField.Text("after", "Where the answer before ended, as its 'next' told."),
                CommandField.Text("from", "From this time on, such as 2026-11-01. Left out: 30 days back."),
                CommandField.Text("to", "Before this time."), CommandField.Text("model", "Of this model only."),
                CommandField.Text("key", "Of this key only.")),
            maker.Ask("show", "One of its calls, with its receipts.", $"GET {OfOrganisation}/{{call}}"),
            maker.Write("receipts", "The receipts of one of its calls, one in a line.", $"GET {OfOrganisation}/{{call}}/receipts"),
            maker.Ask(
                "sums", "What it used and was charged by day or hour.", "GET api/organisations/{organisation}/usage",
                ["start", "model", "project", "key", "requests", "prompt_tokens", "cached_tokens", "output_tokens", "amount_usd"],
                CommandField.Text("by", "hour or day. Left out: day."), CommandField.Text("group", "model, project or key."),
                CommandField.Text("from", "From this hour on. Left out: 30 days back."), CommandField.Text("to", "Before this hour.")),
        };
    }

    public static Command CreateLedger(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("ledger", "The ledger and what is posted in it.")
        {
            maker.Ask("balances", "What every account holds.", "GET api/ledger/balances"),
            maker.Ask(
                "events", "Usage events, the newest first.", "GET api/usage/events", null,
                CommandField.Text("from", "From this time on."), CommandField.Text("to", "Before this time."),
                CommandField.Number("limit", "At most so many."), CommandField.Text("before", "Where the answer before ended.")),
            maker.Ask("commitments", "How each window of each commitment stands.", "GET api/commitments"),
            maker.Ask(
                "drawn", "What days or hours have drawn of a commitment.", "GET api/contracts/{contract}/drawn", null,
                CommandField.Text("commitment", "Which."), CommandField.Text("from", "From this time on."),
                CommandField.Text("until", "Before this time."), CommandField.Text("by", "day or hour.")),
        };
    }

    public static Command CreateIncident(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("incident", "When clouds were not there.")
        {
            maker.Ask(
                "list", "Outages of deployments, the last first.", "GET api/incidents?limit=1000",
                ["deployment", "country", "model", "from", "until", "attempts", "failed", "failed_usd"],
                CommandField.Number("days", "So many days back. Left out: 7.")),
            maker.Ask(
                "availability", "How each model is served now, and was: what everybody may see.", "GET api/service-status",
                ["model", "state", "availability"]),
        };
    }

    public static Command CreateStatus(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("status", "How a running server stands.")
        {
            maker.Ask("server", "What is in force, what waits, and what is wrong.", "GET api/status"),
            maker.Ask(
                "deployments", "Every deployment with its traffic, latency, errors and load.", "GET api/deployments",
                ["id", "country", "model", "capacity", "breaker", "in_flight", "load", "first_token_ms", "failure_rate"]),
            maker.Ask(
                "guarantees", "What each group is guaranteed, uses, has lent and borrowed.", "GET api/guarantees",
                ["group", "deployment", "model", "unit", "limit", "guaranteed", "used", "held_back", "lent", "borrowed"]),
            maker.Ask("steering", "What the prices that steer are.", "GET api/steering"),
        };
    }
}
