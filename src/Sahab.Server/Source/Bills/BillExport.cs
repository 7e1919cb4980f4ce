using System.Globalization;
using System.Text.Json;
using Sahab.Ledger.Focus;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Bills;

/// <summary>What our events say a provider should bill, and what our contracts commit us to, as data sets of FOCUS.</summary>
internal sealed class BillExport(
    UsageStore store, ContractShelf shelf, CommitmentBooks books, ConfigurationState configuration, TimeProvider time)
{
    /// <summary>The data sets that can be asked for, with their versions, for people.</summary>
    public static string KnownDataSets { get; } = string.Join(", ", FocusDataSet.All
        .Select(set => $"{JsonNamingPolicy.KebabCaseLower.ConvertName(set.Name)} {set.Version}"));

    /// <summary>Reads a month, such as <c>2026-11</c>, or a day of it, such as <c>2026-11-22</c>; null where it is neither.</summary>
    public static (DateTimeOffset From, DateTimeOffset To)? ParsePeriod(string? text) =>
        TryParse(text, "yyyy-MM") is { } month ? (month, month.AddMonths(1))
        : TryParse(text, "yyyy-MM-dd") is { } day ? (day, day.AddDays(1))
        : null;

    /// <summary>The usage of whole hours, of one provider or of all; null where it is more than a data set may hold.</summary>
    public async Task<FocusTable?> ReadAsync(
        DateTimeOffset from, DateTimeOffset to, string? provider, CancellationToken cancellation)
    {
        var hours = await store.HourlyUsageAsync(from, to, provider, FocusCsv.MaxRows, cancellation);
        var names = configuration.Current.Deployments
            .ToDictionary(deployment => deployment.Id, deployment => deployment.UpstreamModel, StringComparer.Ordinal);
        var table = hours is null ? null : FocusWriter.ToTable(hours.Select(hour =>
            hour with { Model = names.GetValueOrDefault(hour.Deployment) ?? hour.Model }));
        return table?.Count <= FocusCsv.MaxRows ? table : null;
    }

    /// <summary>What the contracts commit us to, as they are known now; null where it is more than a data set may hold.</summary>
    public FocusTable? ReadCommitments(string? provider, FocusDataSet set)
    {
        var terms = ContractCommitmentWriter.TermsOf(shelf.Book, time.GetUtcNow(), books.Standings, provider);
        return terms.Count <= FocusCsv.MaxRows ? ContractCommitmentWriter.ToTable(terms, set) : null;
    }

    static DateTimeOffset? TryParse(string? text, string format) =>
        DateTimeOffset.TryParseExact(
            text, format, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;
}
