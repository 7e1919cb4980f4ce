using System.Text;
using System.Text.Json.Nodes;
using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>What the books of a contract begin with. Mapped into a group that admits administrators only.</summary>
internal static class OpeningApi
{
    /// <summary>Hours before the books that are listed at most, the latest first; their sum counts all.</summary>
    const int MostHours = 1000;

    public static async Task<IResult> ShowAsync(
        string id, ContractShelf shelf, UsageStore usage, CancellationToken cancellation)
    {
        if (shelf.Book.Contracts.FirstOrDefault(contract => contract.Id == id) is not { } contract)
        {
            return ControlError.NotFound("id", $"There is no contract '{id}'. There are: "
                + $"{string.Join(", ", shelf.Book.Contracts.Select(other => other.Id))}.");
        }

        var (hours, events) = await usage.BeforeBooksAsync(id, MostHours, cancellation);
        var answer = new JsonObject
        {
            ["object"] = "contract_opening",
            ["contract"] = contract.Id,
            ["currency"] = contract.Currency,
            ["opening"] = shelf.Known.OpeningOf(id) is { } opening ? ToJson(opening) : null,
            ["before_books"] = new JsonObject
            {
                ["events"] = events,
                ["hours"] = new JsonArray([.. hours.Select(hour => (JsonNode)ToJson(contract, hour))]),
                ["has_more"] = hours.Count == MostHours,
            },
        };
        return Results.Text(answer.ToJsonString(), "application/json", Encoding.UTF8);
    }

    static JsonObject ToJson(Contract contract, UnpostedHour hour) => new()
    {
        ["hour"] = BurnDownJson.Time(hour.Hour),
        ["events"] = hour.Events,
        ["quantity"] = hour.Quantity,
        ["net"] = hour.Net,
        ["trace"] = $"/api/usage/events?provider={Uri.EscapeDataString(contract.Provider)}"
            + $"&from={BurnDownJson.Time(hour.Hour)}&to={BurnDownJson.Time(hour.Hour.AddHours(1))}",
    };

    static JsonObject ToJson(OpeningBalances opening) => new()
    {
        ["books_from"] = BurnDownJson.Time(opening.BooksFrom),
        ["accrued"] = opening.Accrued,
        ["owed"] = opening.Owed,
        ["commitments"] = new JsonArray(
        [
            .. opening.Commitments.Select(draw => (JsonNode)new JsonObject
            {
                ["commitment"] = draw.Commitment,
                ["window"] = BurnDownJson.Time(draw.Window),
                ["drawn"] = draw.Drawn,
                ["surplus"] = draw.Surplus,
                ["carried"] = draw.Carried,
                ["deferred"] = draw.Deferred,
            }),
        ]),
        ["rates"] = new JsonArray(
        [
            .. opening.Rates.Select(rate => (JsonNode)new JsonObject
            {
                ["rate"] = rate.Rate,
                ["from"] = BurnDownJson.Time(rate.From),
                ["volume"] = rate.Volume,
            }),
        ]),
        ["prepayments"] = new JsonArray(
        [
            .. opening.Prepayments.Select(paid => (JsonNode)new JsonObject
            {
                ["prepayment"] = paid.Prepayment,
                ["left"] = paid.Left,
            }),
        ]),
    };
}
