using System.Text;
using Sahab.Server.Hosting;

namespace Sahab.Server.Source.Bills;

/// <summary>Our side of the providers' bills. Mapped into a group that admits administrators only.</summary>
internal static class BillApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/bill", ReadAsync)
            .WithSummary("What providers should bill for a month, as FOCUS 1.2 CostAndUsage in CSV")
            .Produces(StatusCodes.Status200OK, contentType: "text/csv").Produces(StatusCodes.Status400BadRequest);
        return api;
    }

    static async Task<IResult> ReadAsync(string? month, string? provider, HttpContext context, BillExport export)
    {
        if (BillExport.ParsePeriod(month) is not { } period)
        {
            return ControlError.Invalid(
                "month",
                $"The parameter 'month' is '{month}'; it must be a month, such as 2026-11, or a day of it, such as 2026-11-22.");
        }

        if (await export.ReadAsync(period.From, period.To, provider, context.RequestAborted) is not { } bill)
        {
            return ControlError.Invalid(
                "month", $"That is more than {FocusCsv.MaxRows} rows. Ask for one provider, or day by day: month=2026-11-22.");
        }

        var text = new StringWriter();
        FocusCsv.Write(bill, text);
        return Results.Text(text.ToString(), "text/csv", Encoding.UTF8);
    }
}
