using System.Globalization;
using Sahab.Ledger.Focus;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Source.Bills;

/// <summary>What our events say a provider should bill for a month, as a data set of FOCUS.</summary>
internal sealed class BillExport(UsageStore store, ConfigurationState configuration)
{
    /// <summary>Reads a month, such as <c>2026-11</c>; null where it is none.</summary>
    public static DateTimeOffset? ParseMonth(string? text) =>
        DateTimeOffset.TryParseExact(
            text, "yyyy-MM", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var month)
            ? month
            : null;

    /// <summary>The usage of a month that began at <paramref name="month"/>, of one provider or of all.</summary>
    /// <exception cref="InvalidOperationException">There are more than <see cref="FocusCsv.MaxRows"/> rows of it.</exception>
    public async Task<FocusTable> ReadAsync(DateTimeOffset month, string? provider, CancellationToken cancellation)
    {
        var hours = await store.HourlyUsageAsync(month, month.AddMonths(1), provider, FocusCsv.MaxRows, cancellation);
        var names = configuration.Current.Deployments
            .ToDictionary(deployment => deployment.Id, deployment => deployment.UpstreamModel, StringComparer.Ordinal);
        return FocusWriter.ToTable(hours.Select(hour =>
            hour with { Model = names.GetValueOrDefault(hour.Deployment) ?? hour.Model }));
    }
}
