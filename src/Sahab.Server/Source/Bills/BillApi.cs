using System.Text;
using Microsoft.AspNetCore.Mvc;
using Sahab.Ledger.Focus;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Source.Bills;

/// <summary>Our side of the providers' bills. Mapped into a group that admits administrators only.</summary>
internal static class BillApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/bill", ReadAsync)
            .WithSummary("What providers should bill for a month, or what we have committed to, as a data set of FOCUS in CSV")
            .Produces<string>(contentType: "text/csv");
        return api;
    }

    static async Task<IResult> ReadAsync(
        string? month,
        string? provider,
        string? dataset,
        [FromQuery(Name = "focus_version")] string? version,
        HttpContext context,
        BillExport export)
    {
        if (FocusDataSet.Find(dataset ?? "cost-and-usage", version) is not { } set)
        {
            return ControlError.Invalid(
                "dataset",
                $"There is no data set '{dataset ?? "cost-and-usage"}'{(version is null ? "" : $" of version '{version}'")}. "
                + $"There are: {BillExport.KnownDataSets}.");
        }

        var bill = set == FocusDataSet.CostAndUsage12
            ? await ReadUsageAsync(month, provider, export, context.RequestAborted)
            : ReadCommitments(month, provider, set, export);
        if (bill.Table is null)
        {
            return bill.Fault!;
        }

        var text = new StringWriter();
        FocusCsv.Write(bill.Table, text);
        return Results.Text(text.ToString(), "text/csv", Encoding.UTF8);
    }

    static async Task<(FocusTable? Table, IResult? Fault)> ReadUsageAsync(
        string? month, string? provider, BillExport export, CancellationToken cancellation)
    {
        if (BillExport.ParsePeriod(month) is not { } period)
        {
            return (null, ControlError.Invalid(
                "month",
                $"The parameter 'month' is '{month}'; it must be a month, such as 2026-11, or a day of it, such as 2026-11-22."));
        }

        return await export.ReadAsync(period.From, period.To, provider, cancellation) is { } bill
            ? (bill, null)
            : (null, ControlError.Invalid(
                "month", $"That is more than {FocusCsv.MaxRows} rows. Ask for one provider, or day by day: month=2026-11-22."));
    }

    static (FocusTable? Table, IResult? Fault) ReadCommitments(
        string? month, string? provider, FocusDataSet set, BillExport export) =>
        month is not null
            ? (null, ControlError.Invalid(
                "month", "Commitments are told as they stand now, not by the month: leave 'month' out."))
            : export.ReadCommitments(provider, set) is { } bill
                ? (bill, null)
                : (null, ControlError.Invalid("provider", $"That is more than {FocusCsv.MaxRows} rows. Ask for one provider."));
}
