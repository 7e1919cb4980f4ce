using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Receipts;

namespace Sahab.Server.Sell.Metering;

/// <summary>What an organisation used and was charged, over time and call by call.</summary>
internal static class CustomerUsageApi
{
    static readonly string[] KnownOfUsage = ["by", "group", "from", "to"];

    static readonly string[] KnownOfCalls = ["limit", "after", "from", "to", "model", "key"];

    static readonly TimeSpan Usual = TimeSpan.FromDays(30);

    public static void MapCustomerUsage(this IEndpointRouteBuilder api)
    {
        var own = api.MapGroup("/organisations/{organisation}").Needs(Permission.SeeUsage);
        own.MapGet("/usage", UsageAsync)
            .WithSummary("Requests, tokens and what was charged by hour or day; ?group=model, project or key tells them apart")
            .Produces<CustomerUsageAnswer>();
        own.MapGet("/calls", CallsAsync).Pages<CustomerCallAnswer>()
            .WithSummary("The organisation's calls, the newest first, with tokens and amounts");
        own.MapGet("/calls/{call}", CallAsync).WithSummary("A call of the organisation, with its receipts")
            .Produces<CustomerCallAnswer>();
        own.MapGet("/calls/{call}/receipts", ReceiptsAsync)
            .WithSummary("The receipts of a call, one in a line: its own, and those of its corrections")
            .Produces<string>(contentType: "application/x-ndjson");
    }

    /// <summary>What an organisation used; by project, keys summed up to theirs. Null: there is too much to tell.</summary>
    public static async Task<List<CustomerUsage>?> ReadAsync(
        CustomerQuestion question, UsageStore store, ProjectsOfKeys projects, CancellationToken cancellation)
    {
        var found = await store.CustomerUsageAsync(question, cancellation);
        if (question.By != CustomerDimension.Project || found is null)
        {
            return found;
        }

        var projectOf = await projects(question.Organisation, cancellation);
        return
        [
            .. found.GroupBy(part => (
                    part.Start, Project: projectOf.GetValueOrDefault(part.Group, Tenants.Project.Default)))
                .OrderBy(group => group.Key.Start).ThenBy(group => group.Key.Project, StringComparer.Ordinal)
                .Select(group => CustomerUsage.Sum(group.Key.Start, group.Key.Project, group)),
        ];
    }

    static async Task<IResult> UsageAsync(
        string organisation, HttpContext context, UsageStore store, ProjectsOfKeys projects, TimeProvider time)
    {
        var query = context.Request.Query;
        if (FaultOf(query, KnownOfUsage) is { } unknown)
        {
            return unknown;
        }

        if (!TryWord(query["by"], UsageStep.Day, out UsageStep step))
        {
            return ControlError.Invalid("by", "by is hour or day.");
        }

        if (!TryWord(query["group"], CustomerDimension.None, out CustomerDimension by))
        {
            return ControlError.Invalid("group", "group is model, project or key; left out, all is one.");
        }

        var end = UnixMicroseconds.ToTime(UnixMicroseconds.HourOf(UnixMicroseconds.From(time.GetUtcNow()))).AddHours(1);
        if (TimesOf(query, end, out var from, out var until) is { } fault)
        {
            return fault;
        }

        if (from.Ticks % TimeSpan.TicksPerHour != 0 || until.Ticks % TimeSpan.TicksPerHour != 0)
        {
            return ControlError.Invalid("from", "from and to are whole hours in UTC, such as 2026-11-01T00:00:00Z.");
        }

        if (until - from > CustomerQuestion.MostOf(step))
        {
            return ControlError.Invalid(
                "to", step == UsageStep.Hour ? "By the hour, at most 31 days are told." : "By the day, at most 400 days are told.");
        }

        var question = new CustomerQuestion(organisation, from, until, step, by);
        return await ReadAsync(question, store, projects, context.RequestAborted) is not { } parts
            ? ControlError.Invalid(
                "group", $"There are more than {UsageStore.MaxSeriesRows} figures. Ask for less time, or group by less.")
            : Results.Ok(CustomerUsageAnswer.Of(question, parts));
    }

    static async Task<IResult> CallsAsync(string organisation, HttpContext context, UsageStore store, TimeProvider time)
    {
        var query = context.Request.Query;
        if (FaultOf(query, KnownOfCalls) is { } unknown)
        {
            return unknown;
        }

        if (!ListPage.TryRead(context, out var page, out var wrong))
        {
            return wrong!;
        }

        var mark = EventMark.Parse(page.After);
        if (page.After.Length > 0 && mark is null)
        {
            return ControlError.Invalid("after", "after is the 'next' of the page before.");
        }

        if (TimesOf(query, time.GetUtcNow().AddMinutes(1), out var from, out var until) is { } fault)
        {
            return fault;
        }

        var calls = await store.CustomerCallsAsync(
            new CustomerCalls(organisation, from, until)
            {
                Model = query["model"].FirstOrDefault() ?? "",
                Key = query["key"].FirstOrDefault() ?? "",
            },
            mark, page.Limit, context.RequestAborted);
        return Results.Ok(new Listing<CustomerCallAnswer>(
            "list", [.. calls.Select(CustomerCallAnswer.Of)],
            calls.Count < page.Limit ? null : EventMark.Of(calls[^1].Last).ToString()));
    }

    static async Task<IResult> CallAsync(
        string organisation, string call, HttpContext context, UsageStore store, ReceiptStore receipts)
    {
        if (!Guid.TryParse(call, out var id)
            || await store.CustomerCallAsync(organisation, id, context.RequestAborted) is not { } found)
        {
            return NoCall(call);
        }

        var lines = await receipts.OfCallAsync(organisation, id, context.RequestAborted);
        return Results.Ok(CustomerCallAnswer.Of(found) with { Receipts = [.. lines.Select(line => JsonNode.Parse(line))] });
    }

    static async Task<IResult> ReceiptsAsync(string organisation, string call, HttpContext context, ReceiptStore receipts)
    {
        var lines = Guid.TryParse(call, out var id)
            ? await receipts.OfCallAsync(organisation, id, context.RequestAborted)
            : [];
        return lines.Count == 0
            ? ControlError.NotFound("call", $"There are no receipts of a call '{call}'.")
            : Results.Text(string.Concat(lines.Select(line => line + "\n")), "application/x-ndjson", Encoding.UTF8);
    }

    static ControlProblem NoCall(string call) => ControlError.NotFound(
        "call", $"There is no call '{call}'. One that ended just now may take a second to get here.");

    static ControlProblem? FaultOf(IQueryCollection query, string[] known) =>
        query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? ControlError.Invalid(unknown, $"Unknown parameter '{unknown}'. Known: {string.Join(", ", known)}.")
            : null;

    static ControlProblem? TimesOf(
        IQueryCollection query, DateTimeOffset end, out DateTimeOffset from, out DateTimeOffset until)
    {
        from = until = end;
        if (query["to"].FirstOrDefault() is { } to && !UsageQuestion.TryParseTime(to, out until))
        {
            return ControlError.Invalid("to", "to is a time, such as 2026-12-01 or 2026-12-01T05:00:00Z.");
        }

        // Nothing was ever used in the first year of the calendar.
        from = until - (until.Year > 1 ? Usual : TimeSpan.Zero);
        if (query["from"].FirstOrDefault() is { } text && !UsageQuestion.TryParseTime(text, out from))
        {
            return ControlError.Invalid("from", "from is a time, such as 2026-11-01 or 2026-11-01T05:00:00Z.");
        }

        return from < until ? null : ControlError.Invalid("to", "to must be later than from.");
    }

    static bool TryWord<T>(string? text, T otherwise, out T value)
        where T : struct, Enum
    {
        value = otherwise;
        return text is null || (Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value)
            && value.ToString().Equals(text, StringComparison.OrdinalIgnoreCase));
    }
}
