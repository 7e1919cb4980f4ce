using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Portal;

/// <summary>What an organisation used, over time and call by call.</summary>
internal static class UsagePagesApi
{
    const int CallsOfPage = 25;

    /// <summary>Keys whose names are known to the page; others are shown by their ids.</summary>
    static readonly ListPage Keys = new(ListPage.MaxLimit, "");

    static readonly string[] Measures = ["amount", "requests", "tokens"];

    public static void Map(IEndpointRouteBuilder console)
    {
        console.MapGet("/usage", UsageAsync).Needs(Permission.SeeUsage);
        console.MapGet("/usage/calls/{call:guid}", CallAsync).Needs(Permission.SeeUsage);
    }

    static Task<IResult> UsageAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations, UsageStore usage,
        KeyStore keys, ProjectStore projects, ProjectsOfKeys projectsOfKeys, TimeProvider time) =>
        ConsolePagesApi.ShowAsync(typeof(UsagePage), organisation, context, renderer, organisations, async found =>
        {
            var (query, cancellation) = (context.Request.Query, context.RequestAborted);
            var (question, period) = QuestionOf(organisation, query, time.GetUtcNow());
            var mark = EventMark.Parse(query["after"].FirstOrDefault());
            var calls = await usage.CustomerCallsAsync(
                new CustomerCalls(organisation, question.From, question.Until), mark, CallsOfPage, cancellation);
            var names = await projects.ListAsync(organisation, ConsolePagesApi.All, cancellation);
            return new UsageView(new ConsoleView(found), question)
            {
                Period = period,
                Measure = Measures.FirstOrDefault(each => each == query["show"]) ?? Measures[0],
                Parts = await CustomerUsageApi.ReadAsync(question, usage, projectsOfKeys, cancellation),
                Calls = calls,
                Next = calls.Count < CallsOfPage ? null : EventMark.Of(calls[^1].Last).ToString(),
                IsLater = mark is not null,
                Names = (await keys.ListAsync(organisation, null, Keys, cancellation))
                    .Select(key => (key.Id, key.Terms.Name)).Concat(names.Select(project => (project.Id, project.Name)))
                    .DistinctBy(pair => pair.Id).ToDictionary(pair => pair.Id, pair => pair.Name, StringComparer.Ordinal),
            };
        });

    static Task<IResult> CallAsync(
        string organisation, Guid call, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        UsageStore usage, KeyStore keys, ReceiptStore receipts) =>
        ConsolePagesApi.ShowAsync(typeof(CustomerCallPage), organisation, context, renderer, organisations, async found =>
            await usage.CustomerCallAsync(organisation, call, context.RequestAborted) is not { } known
                ? null
                : new CustomerCallView(new ConsoleView(found), known)
                {
                    KeyName = (await keys.ReadAsync(organisation, known.Last.Key, context.RequestAborted))?.Terms.Name
                        ?? known.Last.Key,
                    Receipts =
                    [
                        .. (await receipts.OfCallAsync(organisation, call, context.RequestAborted))
                            .Select(line => Shown(JsonNode.Parse(line)!)),
                    ],
                });

    static ReceiptShown Shown(JsonNode receipt)
    {
        long Number(string name) => receipt[name]!.GetValue<long>();
        return new ReceiptShown(
            Number("sequence"), Number("revision"), receipt["plan"]!.ToString(), Number("prompt_nano_usd_per_million"),
            Number("cached_nano_usd_per_million"), Number("output_nano_usd_per_million"), Number("amount_nano_usd"),
            receipt["signature"]!.ToString());
    }

    /// <summary>What an address asks for; whatever makes no sense in it is as if it were left out.</summary>
    internal static (CustomerQuestion Question, string Period) QuestionOf(string organisation, IQueryCollection query, DateTimeOffset now)
    {
        var hour = UnixMicroseconds.ToTime(UnixMicroseconds.HourOf(UnixMicroseconds.From(now))).AddHours(1);
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var month = today.AddDays(1 - today.Day);
        var by = query["group"].FirstOrDefault() switch
        {
            "none" => CustomerDimension.None,
            "project" => CustomerDimension.Project,
            "key" => CustomerDimension.Key,
            _ => CustomerDimension.Model,
        };
        var days = DaysOf(query);
        var period = query["period"].FirstOrDefault() switch
        {
            "days" when days is not null => "days",
            "24h" or "7d" or "month" or "previous" => query["period"].ToString(),
            _ => "30d",
        };
        var (from, until, step) = period switch
        {
            "24h" => (hour.AddHours(-24), hour, UsageStep.Hour),
            "7d" => (today.AddDays(-6), today.AddDays(1), UsageStep.Day),
            "month" => (month, month.AddMonths(1), UsageStep.Day),
            "previous" => (month.AddMonths(-1), month, UsageStep.Day),
            "days" => (days!.Value.First, days.Value.Last.AddDays(1), UsageStep.Day),
            _ => (today.AddDays(-29), today.AddDays(1), UsageStep.Day),
        };
        return (new CustomerQuestion(organisation, from, until, step, by), period);
    }

    /// <summary>The days that were named; null: they are no days, in the wrong order, or too many.</summary>
    static (DateTimeOffset First, DateTimeOffset Last)? DaysOf(IQueryCollection query) =>
        DayOf(query["from"]) is { } first && DayOf(query["to"]) is { } last && first <= last
        && last - first < CustomerQuestion.MostOf(UsageStep.Day)
            ? (first, last)
            : null;

    static DateTimeOffset? DayOf(string? text) => DateOnly.TryParseExact(
        text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1970 and < 9000
        ? new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero) : null;
}
