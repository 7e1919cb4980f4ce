using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Sahab.Server.Portal;

namespace Sahab.Server.Tests.Portal;

public sealed class UsagePeriodTests
{
    /// <summary>Also on days on which one period begins where another does.</summary>
    [Theory]
    [InlineData("2026-11-30", "period=month", "month", "2026-11-01", "2026-12-01")]
    [InlineData("2026-12-30", "period=month", "month", "2026-12-01", "2027-01-01")]
    [InlineData("2026-03-02", "period=previous", "previous", "2026-02-01", "2026-03-01")]
    [InlineData("2026-11-30", "", "30d", "2026-11-01", "2026-12-01")]
    [InlineData("2026-11-30", "period=7d", "7d", "2026-11-24", "2026-12-01")]
    [InlineData("2026-11-30", "period=fortnight", "30d", "2026-11-01", "2026-12-01")]
    [InlineData("2026-11-30", "period=days&from=2026-11-01&to=2026-11-30", "days", "2026-11-01", "2026-12-01")]
    [InlineData("2026-11-23", "period=days&from=2026-11-09&to=2026-11-01", "30d", "2026-10-25", "2026-11-24")]
    [InlineData("2026-11-23", "period=days&from=yesterday&to=2026-11-01", "30d", "2026-10-25", "2026-11-24")]
    [InlineData("2026-11-23", "period=days", "30d", "2026-10-25", "2026-11-24")]
    public void A_period_is_what_was_chosen(string today, string query, string period, string from, string until)
    {
        var (question, chosen) = UsagePagesApi.QuestionOf(
            "org_1", new QueryCollection(QueryHelpers.ParseQuery(query)), At(today).AddHours(13));

        chosen.ShouldBe(period);
        question.From.ShouldBe(At(from));
        question.Until.ShouldBe(At(until));
    }

    static DateTimeOffset At(string day) =>
        new(DateOnly.Parse(day, CultureInfo.InvariantCulture), TimeOnly.MinValue, TimeSpan.Zero);
}
