using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab capacity</c>: what is reserved, what can be, and what is sold of what is held.</summary>
internal static class CapacityCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("capacity", "See, reserve and cancel reserved capacity of a running server.")
        {
            Offers(console, environment), List(console, environment), Reserve(console, environment),
            Renew(console, environment), Cancel(console, environment), Sold(console, environment),
        };

    static Command Offers(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, server) = (Organisation(), new ServerOptions());
        var from = new Option<string?>("--from") { Description = "When it would begin; left out: now." };
        var units = new Option<long?>("--units") { Description = "How many units are wanted." };
        var command = new Command("offers", "What can be reserved, at what price, and how much is free.")
        {
            organisation, from, units,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
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
        }));
        return command;
    }

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, server) = (Organisation(), new ServerOptions());
        var command = new Command("list", "What an organisation has reserved.") { organisation };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var answer = await client.GetAsync(PathOf(parsed.GetValue(organisation)!) + "?limit=1000", cancellation);
            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("reservation", "model", "of", "tokens/min", "state", "from", "until", "USD", "renews");
            foreach (var each in answer["data"]!.AsArray())
            {
                table.AddRow(
                    Cell(each!["id"]), Cell(each["model"]), Cell(each["project"]), Cell(each["tokens_per_minute"]),
                    Cell(each["state"]), Cell(each["from"]), Cell(each["until"]), Cell(each["price_usd"]), Cell(each["renews"]));
            }

            console.Write(table);
        }));
        return command;
    }

    static Command Reserve(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, server) = (Organisation(), new ServerOptions());
        var offer = new Option<string>("--offer") { Description = "The offer, as `offers` lists it.", Required = true };
        var term = new Option<string>("--term") { Description = "The term, as `offers` lists it.", Required = true };
        var units = new Option<long>("--units") { Description = "How many units.", Required = true };
        var from = new Option<string?>("--from") { Description = "When it begins; left out: now." };
        var project = new Option<string?>("--project") { Description = "The project that it is for; left out: all." };
        var renews = new Option<bool>("--renew") { Description = "Renew it when it ends." };
        var command = new Command("reserve", "Reserve capacity for a term, at a fixed price.")
        {
            organisation, offer, term, units, from, project, renews,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
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
        }));
        return command;
    }

    static Command Renew(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, reservation, server) = (Organisation(), Reservation(), new ServerOptions());
        var no = new Option<bool>("--no") { Description = "Let it end." };
        var command = new Command("renew", "Say that a reservation is renewed when it ends, or is not.")
        {
            reservation, organisation, no,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            await client.SendAsync(
                HttpMethod.Patch, PathOf(parsed.GetValue(organisation)!, parsed.GetValue(reservation)!),
                new JsonObject { ["renews"] = !parsed.GetValue(no) }, cancellation);
            console.Profile.Out.Writer.WriteLine(parsed.GetValue(no) ? "ends" : "renews");
        }));
        return command;
    }

    static Command Cancel(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, reservation, server) = (Organisation(), Reservation(), new ServerOptions());
        var command = new Command("cancel", "Cancel a reservation that has not begun.") { reservation, organisation };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            await client.SendAsync(
                HttpMethod.Delete, PathOf(parsed.GetValue(organisation)!, parsed.GetValue(reservation)!), null, cancellation);
            console.Profile.Out.Writer.WriteLine("cancelled");
        }));
        return command;
    }

    static Command Sold(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var command = new Command("sold", "What is sold of each model against what is held, and which failure binds.");
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
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
        }));
        return command;
    }

    static Option<string> Organisation() =>
        new("--organisation") { Description = "The organisation's id.", Required = true };

    static Argument<string> Reservation() => new("reservation") { Description = "The reservation's id." };

    static string PathOf(string organisation) => $"api/organisations/{Uri.EscapeDataString(organisation)}/capacity";

    static string PathOf(string organisation, string reservation) =>
        $"{PathOf(organisation)}/{Uri.EscapeDataString(reservation)}";

    static string Cell(JsonNode? value) => Markup.Escape(value?.ToString() ?? "");
}
