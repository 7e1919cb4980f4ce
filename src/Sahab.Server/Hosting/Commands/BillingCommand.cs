using System.CommandLine;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab billing</c>, <c>sahab credit</c>, <c>sahab price</c> and <c>sahab margin</c>: what is sold, to whom.</summary>
internal static class BillingCommand
{
    const string Profile = "api/organisations/{organisation}/billing";

    const string Credits = "api/organisations/{organisation}/credits";

    static readonly string[] PriceColumns = ["model", "price", "announced"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("billing", "Whom an organisation's invoices are made out to.")
        {
            maker.Ask("show", "Whom they are made out to.", $"GET {Profile}"),
            maker.Ask(
                "set", "Say whom they are made out to, in place of what was said before.", $"PUT {Profile}", null,
                CommandField.Text("name", "The company."),
                CommandField.Texts("address", "address-line", "A line of its address; may be given several times."),
                CommandField.Text("country", "Such as NO."),
                CommandField.Text("state", "Where the country taxes by state, such as CA."),
                CommandField.Text("vat_id", "Its number for value added tax."),
                CommandField.Text("exemption", "Why it pays no tax; the operator's to say.")),
        };
    }

    public static Command CreateCredit(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("credit", "Credit of an organisation.")
        {
            maker.Ask(
                "list", "Its credit, and what is left of it.", $"GET {Credits}",
                ["id", "kind", "note", "amount_usd", "left_usd", "granted_at", "expires_at"]),
            maker.Ask(
                "add", "Add credit that was bought or given.", $"POST {Credits}", null,
                CommandField.Text("kind", "prepaid or promotional.", required: true),
                CommandField.Text("amount_usd", "Such as 12.50.", required: true),
                CommandField.Text("note", "What for; it stands on invoices.", required: true),
                CommandField.Text("expires_at", "When it ends, such as 2027-01-01T00:00:00Z. Left out: never.")),
        };
    }

    public static Command CreatePrice(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("price", "Prices, in US dollars for a million tokens.")
        {
            maker.Ask(
                "list", "List prices in force and announced.", "GET api/prices", PriceColumns,
                CommandField.Text("organisation", "What this organisation pays, for operators.")),
            maker.Ask(
                "of", "What an organisation pays, now and as announced.", "GET api/organisations/{organisation}/prices",
                PriceColumns),
            maker.Ask(
                "agreements", "What was agreed with single organisations.", "GET api/prices/agreements",
                ["id", "organisation", "from", "until", "in_force", "discount", "models"]),
        };
    }

    public static Command CreateMargin(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return maker.Ask(
            "margin", "Cost, revenue and margin.", "GET api/margin",
            ["model", "organisation", "provider", "deployment", "contract", "calls", "cost_usd", "revenue_usd", "margin_usd"],
            CommandField.Text("by", "model, organisation, provider, deployment or contract. Left out: model."),
            CommandField.Text("from", "From this hour on, such as 2026-11-01T00:00:00Z. Left out: 30 days back."),
            CommandField.Text("to", "Before this hour. Left out: now."),
            CommandField.Text("organisation", "Of this organisation only."),
            CommandField.Flag("losses_first", "The least margin first."));
    }
}
