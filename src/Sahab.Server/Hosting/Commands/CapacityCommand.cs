using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using static Sahab.Server.Hosting.Commands.CommandMaker;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab capacity</c>: what is reserved, what can be, and what is sold of what is held.</summary>
internal static class CapacityCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("capacity", "See, reserve and cancel reserved capacity of a running server.")
        {
            Offers(maker, console), List(maker, console), Reserve(maker, console), Renew(maker, console),
            Cancel(maker, console), Sold(maker, console),
            maker.Ask("show", "One reservation.", "GET api/organisations/{organisation}/capacity/{reservation}"),
        };
    }

    static Command Offers(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = CommandMaker.Organisation();
        var from = new Option<string?>("--from") { Description = "When it would begin; left out: now." };
        var units = new Option<long?>("--units") { Description = "How many units are wanted." };
        return maker.Make(
            "offers", "What can be reserved, at what price, and how much is free.", [organisation, from, units],
            async (parsed, client, cancellation) =>
            {
                var query = $"?from={Uri.EscapeDataString(parsed.GetValue(from) ?? "")}"
                    + (parsed.GetValue(units) is { } wanted ? FormattableString.Invariant($"&units={wanted}") : "");
                var answer = await client.GetAsync(PathOf(parsed.GetValue(organisation)!) + "/offers" + query, cancellation);
                var table = new Table().Border(TableBorder.Rounded)
                    .AddColumns("offer", "model", "tokens/min", "term", "USD/unit", "free units", "room from", "what binds");
                foreach (var offer in answer["data"]!.AsArray())
                {
                    foreach (var term in offer!["terms"]!.AsArray())
                    {
                        table.AddRow(
                            Cell(offer["id"]), Cell(offer["model"]), Cell(offer["unit_tokens_per_minute"]), Cell(term!["id"]),
                            Cell(term["unit_price_usd"]), Cell(term["available_units"]), Cell(term["first_room_at"]),
                            Cell(term["binding"]!["failure_domain"]));
                    }
                }

                console.Write(table);
            });
    }

    static Command List(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = CommandMaker.Organisation();
        return maker.Make("list", "What an organisation has reserved.", [organisation], async (parsed, client, cancellation) =>
        {
            var all = await CommandMaker.ListAsync(
                client, PathOf(parsed.GetValue(organisation)!) + "?limit=1000", cancellation);
            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("reservation", "model", "of", "tokens/min", "state", "from", "until", "USD", "renews");
            foreach (var each in all)
            {
                table.AddRow(
                    Cell(each!["id"]), Cell(each["model"]), Cell(each["project"]), Cell(each["tokens_per_minute"]),
                    Cell(each["state"]), Cell(each["from"]), Cell(each["until"]), Cell(each["price_usd"]), Cell(each["renews"]));
            }

            console.Write(table);
        });
    }

    static Command Reserve(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = CommandMaker.Organisation();
        var offer = new Option<string>("--offer") { Description = "The offer, as `offers` lists it.", Required = true };
        var term = new Option<string>("--term") { Description = "The term, as `offers` lists it.", Required = true };
        var units = new Option<long>("--units") { Description = "How many units.", Required = true };
        var from = new Option<string?>("--from") { Description = "When it begins; left out: now." };
        var project = new Option<string?>("--project") { Description = "The project that it is for; left out: all." };
        var renews = new Option<bool>("--renew") { Description = "Renew it when it ends." };
        return maker.Make(
            "reserve", "Reserve capacity for a term, at a fixed price.", [organisation, offer, term, units, from, project, renews],
            async (parsed, client, cancellation) =>
            {
                var reserved = await client.SendAsync(
                    HttpMethod.Post, PathOf(parsed.GetValue(organisation)!),
                    new JsonObject
                    {
                        ["offer"] = parsed.GetValue(offer),
                        ["term"] = parsed.GetValue(term),
                        ["units"] = parsed.GetValue(units),
                        ["from"] = parsed.GetValue(from),
                        ["project"] = parsed.GetValue(project),
                        ["renews"] = parsed.GetValue(renews),
                    },
                    cancellation);
                console.Profile.Out.Writer.WriteLine(reserved["id"]!.ToString());
            });
    }

    static Command Renew(CommandMaker maker, IAnsiConsole console)
    {
        var (organisation, reservation) = (CommandMaker.Organisation(), Reservation());
        var no = new Option<bool>("--no") { Description = "Let it end." };
        return maker.Make(
            "renew", "Say that a reservation is renewed when it ends, or is not.", [reservation, organisation, no],
            async (parsed, client, cancellation) =>
            {
                await client.SendAsync(
                    HttpMethod.Patch, PathOf(parsed.GetValue(organisation)!, parsed.GetValue(reservation)!),
                    new JsonObject { ["renews"] = !parsed.GetValue(no) }, cancellation);
                console.Profile.Out.Writer.WriteLine(parsed.GetValue(no) ? "ends" : "renews");
            });
    }

    static Command Cancel(CommandMaker maker, IAnsiConsole console)
    {
        var (organisation, reservation) = (CommandMaker.Organisation(), Reservation());
        return maker.Make(
            "cancel", "Cancel a reservation that has not begun.", [reservation, organisation],
            async (parsed, client, cancellation) =>
            {
                await client.SendAsync(
                    HttpMethod.Delete, PathOf(parsed.GetValue(organisation)!, parsed.GetValue(reservation)!), null, cancellation);
                console.Profile.Out.Writer.WriteLine("cancelled");
            });
    }

    static Command Sold(CommandMaker maker, IAnsiConsole console)
    {
        return maker.Make(
            "sold", "What is sold of each model against what is held, and which failure binds.", [],
            async (parsed, client, cancellation) =>
            {
                var answer = await client.GetAsync("api/capacity", cancellation);
                var table = new Table().Border(TableBorder.Rounded).AddColumns(
                    "model", "held", "fails first", "sellable", "sold", "free", "least free", "from", "at risk");
                foreach (var model in answer["data"]!.AsArray())
                {
                    var (now, tightest) = (model!["now"]!, model["tightest"]!);
                    table.AddRow(
                        Cell(model["model"]), Cell(now["held"]), Cell(now["failure_domain"]), Cell(now["sellable"]),
                        Cell(now["sold"]), Cell(now["free"]), Cell(tightest["free"]), Cell(tightest["from"]),
                        Cell(model["at_risk"]!.AsArray().Count));
                }

                console.Write(table);
            });
    }

    static Argument<string> Reservation() => new("reservation") { Description = "The reservation's id." };

    static string PathOf(string organisation) => $"api/organisations/{Uri.EscapeDataString(organisation)}/capacity";

    static string PathOf(string organisation, string reservation) =>
        $"{PathOf(organisation)}/{Uri.EscapeDataString(reservation)}";
}
