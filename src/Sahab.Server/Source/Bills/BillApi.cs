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
        if (BillExport.ParseMonth(month) is not { } start)
        {
            return ControlError.Invalid("month", $"The parameter 'month' is '{month}'; it must be a month, such as 2026-11.");
        }

        try
        {
            var text = new StringWriter();
            FocusCsv.Write(await export.ReadAsync(start, provider, context.RequestAborted), text);
            return Results.Text(text.ToString(), "text/csv", Encoding.UTF8);
        }
        catch (InvalidOperationException tooMany)
        {
            return ControlError.Invalid("provider", tooMany.Message);
        }
    }
}
