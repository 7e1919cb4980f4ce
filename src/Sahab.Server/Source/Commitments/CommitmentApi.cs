using System.Text;
using System.Text.Json.Nodes;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>How commitments stand, as settled. Mapped into a group that admits administrators only.</summary>
internal static class CommitmentApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/commitments", (CommitmentBooks books, ContractShelf shelf) => Ok(books, shelf, books.Standings))
            .WithSummary("How each window of each commitment stands that has begun, as settled")
            .Produces(StatusCodes.Status200OK);
        api.MapGet("/contracts/{id}/standings", OfContract)
            .WithSummary("The same, of one contract")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status404NotFound);
        return api;
    }

    static IResult OfContract(string id, CommitmentBooks books, ContractShelf shelf) =>
        shelf.Book.Contracts.Any(contract => contract.Id == id)
            ? Ok(books, shelf, books.Standings.Where(standing => standing.Contract == id))
            : ControlError.NotFound("id", $"There is no contract '{id}'. There are: "
                + $"{string.Join(", ", shelf.Book.Contracts.Select(other => other.Id))}.");

    static IResult Ok(CommitmentBooks books, ContractShelf shelf, IEnumerable<CommitmentStanding> standings) =>
        Results.Text(
            new JsonObject
            {
                ["object"] = "list",
                ["settled_until"] = books.SettledUntil == DateTimeOffset.MinValue ? null : Text(books.SettledUntil),
                ["data"] = new JsonArray([.. standings.Select(standing => (JsonNode)ToJson(standing, shelf))]),
            }.ToJsonString(),
            "application/json",
            Encoding.UTF8);

    /// <summary>Amounts are in the contract's currency, or in the commitment's unit; <c>owed</c> is always money.</summary>
    static JsonObject ToJson(CommitmentStanding standing, ContractShelf shelf)
    {
        var contract = shelf.Book.Contracts.FirstOrDefault(each => each.Id == standing.Contract);
        var clause = contract?.Versions.SelectMany(version => version.Clauses)
            .OfType<Ledger.Contracts.Commitment>().LastOrDefault(each => each.Id == standing.Commitment);
        return new JsonObject
        {
            ["contract"] = standing.Contract,
            ["commitment"] = standing.Commitment,
            ["from"] = Text(standing.Window.From),
            ["until"] = Text(standing.Window.Until),
            ["currency"] = contract?.Currency,
            ["unit"] = clause?.Measure == Ledger.Contracts.Measure.Quantity ? clause.Unit : contract?.Currency,
            ["amount"] = standing.Window.Amount,
            ["deferred"] = standing.Deferred,
            ["target"] = standing.Target,
            ["carried"] = standing.Carried,
            ["drawn"] = standing.Drawn,
            ["remaining"] = standing.Remaining,
            ["owed"] = standing.Owed,
        };
    }

    static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
}
