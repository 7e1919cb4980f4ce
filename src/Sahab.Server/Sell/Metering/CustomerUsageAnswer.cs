using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sahab.Server.Sell.Invoices;

namespace Sahab.Server.Sell.Metering;

/// <summary>What an organisation used and was charged over time.</summary>
/// <param name="By"><c>hour</c> or <c>day</c>.</param>
internal sealed record CustomerUsageAnswer(
    string Object, string? From, string? To, string By, IReadOnlyList<CustomerUsagePart> Data, CustomerUsagePart Total)
{
    public static CustomerUsageAnswer Of(CustomerQuestion question, List<CustomerUsage> parts) => new(
        "usage", InvoiceDocument.Time(question.From), InvoiceDocument.Time(question.Until),
        question.Step.ToString().ToLowerInvariant(),
        parts.ConvertAll(part =>
        {
            string? If(CustomerDimension dimension) => question.By == dimension ? part.Group : null;
            return CustomerUsagePart.Of(part) with
            {
                Start = InvoiceDocument.Time(part.Start),
                Model = If(CustomerDimension.Model),
                Project = If(CustomerDimension.Project),
                Key = If(CustomerDimension.Key),
            };
        }),
        CustomerUsagePart.Of(CustomerUsage.Sum(question.From, "", parts)));
}

/// <summary>Usage of a part of the time, of one model, project or key where they are told apart; or all of it.</summary>
internal sealed record CustomerUsagePart
{
    /// <summary>When the part begins; all of it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Start { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Project { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    public required long Requests { get; init; }

    /// <summary>Those read from a cache included.</summary>
    public required long PromptTokens { get; init; }

    public required long CachedTokens { get; init; }

    public required long OutputTokens { get; init; }

    public required string AmountUsd { get; init; }

    public static CustomerUsagePart Of(CustomerUsage part) => new()
    {
        Requests = part.Requests,
        PromptTokens = part.PromptTokens,
        CachedTokens = part.CachedTokens,
        OutputTokens = part.OutputTokens,
        AmountUsd = InvoiceDocument.Usd(part.AmountNano),
    };
}

/// <summary>A call as its customer may see it.</summary>
/// <param name="Status"><c>answered</c>, <c>client_left</c> or <c>failed</c>.</param>
/// <param name="Sold">Whether it was sold; what was not is not charged.</param>
/// <param name="Revision">0, or the number of its latest correction.</param>
/// <param name="Receipts">Its receipts as they were signed; left out in lists.</param>
internal sealed record CustomerCallAnswer(
    Guid CallId, string StartedAt, string Status, string Key, string Model, string ServiceTier, string Operation,
    long PromptTokens, long CachedTokens, long OutputTokens, double DurationMs, bool Sold, string AmountUsd, long Revision,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonNode?>? Receipts = null)
{
    public static CustomerCallAnswer Of(CustomerCall call) => new(
        call.Last.CallId,
        call.Last.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        call.Status, call.Last.Key, call.Last.Model, call.Last.ServiceTier, call.Last.Operation,
        call.Last.Usage.PromptTokens, call.Last.Usage.CachedTokens, call.Last.Usage.OutputTokens,
        Math.Round(call.Last.Duration.TotalMilliseconds), call.IsSold, InvoiceDocument.Usd(call.Amount.Value), call.Revision);
}
