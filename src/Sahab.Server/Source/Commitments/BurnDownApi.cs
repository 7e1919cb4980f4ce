using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Commitments;

/// <summary>
/// Burn-down and forecast of commitments, and what their figures are made of. Mapped into a group that admits
/// administrators only.
/// </summary>
internal static class BurnDownApi
{
    /// <summary>The most days that can be asked for at once: ten years.</summary>
    const int MaxDays = 3660;

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        Answers(api.MapGet("/contracts/{id}/burndown", (string id, HttpContext context, CommitmentOutlooks outlooks) =>
                OutlookAsync(id, context, outlooks, BurnDownJson.BurnDown)))
            .WithSummary("How each window of a contract's commitments stands, and how it will end");
        Answers(api.MapGet("/contracts/{id}/forecast", (string id, HttpContext context, CommitmentOutlooks outlooks) =>
                OutlookAsync(id, context, outlooks, BurnDownJson.Forecast)))
            .WithSummary("What a contract's commitments will draw day by day, and from which history");
        Answers(api.MapGet("/contracts/{id}/drawn", DrawnAsync))
            .WithSummary("What days or hours have drawn of a commitment, and the queries for what was used in them");
        return api;
    }

    static RouteHandlerBuilder Answers(RouteHandlerBuilder route) => route
        .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest)
        .Produces(StatusCodes.Status404NotFound);

    static async Task<IResult> OutlookAsync(
        string id, HttpContext context, CommitmentOutlooks outlooks,
        Func<ContractOutlook, IEnumerable<CommitmentReport>, JsonObject> write)
    {
        if (FindUnknown(context.Request.Query, "commitment") is { } fault)
        {
            return fault;
        }

        if (await outlooks.FindAsync(id, context.RequestAborted) is not { } contract)
        {
            return NoContract(id);
        }

        string? name = context.Request.Query["commitment"];
        var reports = contract.Commitments.Where(report => name is null || report.Commitment.Id == name).ToList();
        return name is not null && reports.Count == 0 ? NoCommitment(contract, name) : Ok(write(contract, reports));
    }

    static async Task<IResult> DrawnAsync(
        string id, HttpContext context, CommitmentOutlooks outlooks, CommitmentBooks books, DrawnHours hours)
    {
        var query = context.Request.Query;
        if (FindUnknown(query, "commitment", "from", "until", "by") is { } fault)
        {
            return fault;
        }

        if (await outlooks.FindAsync(id, context.RequestAborted) is not { } contract)
        {
            return NoContract(id);
        }

        string? name = query["commitment"];
        if (contract.Commitments.FirstOrDefault(each => each.Commitment.Id == name) is not { } report)
        {
            return NoCommitment(contract, name);
        }

        var byHour = query["by"] == "hour";
        if (!byHour && query["by"].Count > 0 && query["by"] != "day")
        {
            return ControlError.Invalid("by", $"The parameter 'by' is '{query["by"]}'; it must be 'day' or 'hour'.");
        }

        if (!TryDay(query, "from", contract.Today.AddDays(-30), out var from, out var invalid)
            || !TryDay(query, "until", contract.Today.AddDays(1), out var until, out invalid))
        {
            return invalid!;
        }

        var most = byHour ? DrawnHours.MaxDays : MaxDays;
        if (until <= from || until.DayNumber - from.DayNumber > most)
        {
            return ControlError.Invalid(
                "until", $"The parameter 'until' must be later than 'from', by {most} days at most.");
        }

        var data = byHour
            ? await HoursAsync(contract, report, from, until, hours, context.RequestAborted)
            : await DaysAsync(contract, report, from, until, books, context.RequestAborted);
        return Ok(new JsonObject
        {
            ["object"] = "list",
            ["contract"] = contract.Contract.Id,
            ["commitment"] = report.Commitment.Id,
            ["from"] = OutlookWords.Day(from),
            ["until"] = OutlookWords.Day(until),
            ["settled_until"] = BurnDownJson.Time(contract.SettledUntil),
            ["data"] = data,
        });
    }

    static async Task<JsonArray> DaysAsync(
        ContractOutlook contract, CommitmentReport report, DateOnly from, DateOnly until, CommitmentBooks books,
        CancellationToken cancellation)
    {
        var days = await books.DrawnByDayAsync(
            contract.Contract.Id, report.Commitment.Id, from, until, cancellation);
        return
        [
            .. days.Select(day => (JsonNode)new JsonObject
            {
                ["day"] = OutlookWords.Day(day.Day),
                ["drawn_usd"] = day.Usd,
                ["trace"] = BurnDownJson.DrawnQuery(contract, report, day.Day, day.Day.AddDays(1), "hour"),
            }),
        ];
    }

    static async Task<JsonArray> HoursAsync(
        ContractOutlook contract, CommitmentReport report, DateOnly from, DateOnly until, DrawnHours hours,
        CancellationToken cancellation)
    {
        var found = await hours.OfAsync(
            contract.Contract.Id, report.Commitment.Id, At(from), At(until), cancellation);
        var provider = Uri.EscapeDataString(contract.Contract.Provider);
        return
        [
            .. found.Select(hour => (JsonNode)new JsonObject
            {
                ["hour"] = BurnDownJson.Time(hour.Hour),
                ["drawn_usd"] = hour.Usd,
                ["postings"] = new JsonArray(
                [
                    .. hour.Postings.Select(posting => (JsonNode)new JsonObject
                    {
                        ["account"] = posting.Account.Name,
                        ["usd"] = posting.Amount.ToUsd(),
                    }),
                ]),
                ["trace"] = $"/api/usage/events?provider={provider}&from={BurnDownJson.Time(hour.Hour)}"
                    + $"&to={BurnDownJson.Time(hour.Hour.AddHours(1))}",
            }),
        ];
    }

    static bool TryDay(
        IQueryCollection query, string name, DateOnly otherwise, out DateOnly day, out IResult? fault)
    {
        (day, fault) = (otherwise, null);
        if (query[name].Count == 0)
        {
            return true;
        }

        if (query[name].Count == 1 && ContractBinding.TryTime(query[name].ToString(), out var time))
        {
            day = DateOnly.FromDateTime(time.UtcDateTime);
            return true;
        }

        fault = ControlError.Invalid(
            name, $"The parameter '{name}' is '{query[name]}'; it must be a day, such as 2027-01-31.");
        return false;
    }

    static ControlProblem? FindUnknown(IQueryCollection query, params string[] known) =>
        query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? ControlError.Invalid(unknown, $"Unknown parameter '{unknown}'. Known: {string.Join(", ", known)}.")
            : null;

    static ControlProblem NoContract(string id) => ControlError.NotFound("id", $"There is no contract '{id}'.");

    static ControlProblem NoCommitment(ContractOutlook contract, string? name) => ControlError.NotFound(
        "commitment",
        $"The contract {contract.Contract.Id} has no commitment '{name}' in force. It has: "
        + $"{string.Join(", ", contract.Commitments.Select(report => report.Commitment.Id).DefaultIfEmpty("none"))}.");

    static DateTimeOffset At(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    static IResult Ok(JsonObject body) => Results.Text(body.ToJsonString(), "application/json", Encoding.UTF8);
}
