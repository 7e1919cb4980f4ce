using System.Text.Json.Serialization;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Source.Contracts;

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
        api.MapGet("/contracts/{id}/burndown", (string id, HttpContext context, CommitmentOutlooks outlooks) =>
                OutlookAsync(id, context, outlooks, BurnDownAnswer.Of))
            .WithSummary("How each window of a contract's commitments stands, and how it will end")
            .Produces<OutlookAnswer<BurnDownAnswer>>();
        api.MapGet("/contracts/{id}/forecast", (string id, HttpContext context, CommitmentOutlooks outlooks) =>
                OutlookAsync(id, context, outlooks, ForecastAnswer.Of))
            .WithSummary("What a contract's commitments will draw day by day, and from which history")
            .Produces<OutlookAnswer<ForecastAnswer>>();
        api.MapGet("/contracts/{id}/drawn", DrawnAsync)
            .WithSummary("What days or hours have drawn of a commitment, and the queries for what was used in them")
            .Produces<DrawnListAnswer>();
        return api;
    }

    static async Task<IResult> OutlookAsync<T>(
        string id, HttpContext context, CommitmentOutlooks outlooks, Func<ContractOutlook, CommitmentReport, T> of)
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
        return name is not null && reports.Count == 0
            ? NoCommitment(contract, name)
            : Results.Ok(OutlookAnswer<T>.Of(contract, reports, of));
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
        return Results.Ok(new DrawnListAnswer(
            "list", contract.Contract.Id, report.Commitment.Id, OutlookWords.Day(from), OutlookWords.Day(until),
            ContractTime.Text(contract.SettledUntil), data));
    }

    static async Task<IReadOnlyList<DrawnAnswer>> DaysAsync(
        ContractOutlook contract, CommitmentReport report, DateOnly from, DateOnly until, CommitmentBooks books,
        CancellationToken cancellation)
    {
        var days = await books.DrawnByDayAsync(
            contract.Contract.Id, report.Commitment.Id, from, until, cancellation);
        return
        [
            .. days.Select(day => new DrawnAnswer
            {
                Day = OutlookWords.Day(day.Day),
                DrawnUsd = day.Usd,
                Trace = OutlookTrace.Drawn(contract, report, day.Day, day.Day.AddDays(1), "hour"),
            }),
        ];
    }

    static async Task<IReadOnlyList<DrawnAnswer>> HoursAsync(
        ContractOutlook contract, CommitmentReport report, DateOnly from, DateOnly until, DrawnHours hours,
        CancellationToken cancellation)
    {
        var found = await hours.OfAsync(
            contract.Contract.Id, report.Commitment.Id, At(from), At(until), cancellation);
        return
        [
            .. found.Select(hour => new DrawnAnswer
            {
                Hour = ContractTime.Text(hour.Hour),
                DrawnUsd = hour.Usd,
                Postings =
                [
                    .. hour.Postings.Select(posting => new AccountUsdAnswer(posting.Account.Name, posting.Amount.ToUsd())),
                ],
                Trace = OutlookTrace.Used(contract.Contract.Provider, hour.Hour),
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
}

/// <summary>What days or hours have drawn of a commitment.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="SettledUntil">Until when all is settled; null: nothing is yet.</param>
internal sealed record DrawnListAnswer(
    string Object, string Contract, string Commitment, string From, string Until, string? SettledUntil,
    IReadOnlyList<DrawnAnswer> Data);

/// <summary>What a day or an hour has drawn, in US dollars.</summary>
internal sealed record DrawnAnswer
{
    /// <summary>Of days only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Day { get; init; }

    /// <summary>Of hours only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hour { get; init; }

    public required decimal DrawnUsd { get; init; }

    /// <summary>All that was booked for the hour. Of hours only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AccountUsdAnswer>? Postings { get; init; }

    /// <summary>The query for what it is made of.</summary>
    public required string Trace { get; init; }
}
