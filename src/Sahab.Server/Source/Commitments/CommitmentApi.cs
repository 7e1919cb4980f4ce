using System.Text;
using System.Text.Json.Nodes;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>How commitments stand, as settled. Mapped into a group that admits administrators only.</summary>
internal static class CommitmentApi
{
    /// <summary>Errors of a proposed configuration that are told.</summary>
    const int MaxErrors = 20;

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/commitments", (CommitmentBooks books, ContractShelf shelf) => Ok(books, shelf, books.Standings))
            .WithSummary("How each window of each commitment stands that has begun, as settled")
            .Produces(StatusCodes.Status200OK);
        api.MapGet("/contracts/{id}/standings", OfContract)
            .WithSummary("The same, of one contract")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status404NotFound);
        api.MapPost("/contracts/preview", PreviewAsync)
            .WithSummary("What a configuration, sent as YAML, would change in the ledger; nothing is applied")
            .Accepts<string>("application/yaml")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest)
            .Produces(StatusCodes.Status409Conflict);
        return api;
    }

    static async Task<IResult> PreviewAsync(HttpContext context, AmendmentPreview preview, TimeProvider time)
    {
        var bytes = new byte[ConfigReader.MaxBytes + 1];
        var count = await context.Request.Body.ReadAtLeastAsync(
            bytes, bytes.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (count > ConfigReader.MaxBytes)
        {
            return ControlError.Invalid("body", $"The body is longer than {ConfigReader.MaxBytes >> 20} MiB.");
        }

        // Secrets are not looked up: whoever proposes a configuration does not name files of this machine.
        var reading = new ConfigReader(_ => null, lookUpSecrets: false, time)
            .ReadText(Encoding.UTF8.GetString(bytes, 0, count), "the configuration");
        if (reading.Config is not { } config)
        {
            return ControlError.Invalid(
                "body", string.Join(" ", reading.Errors.Take(MaxErrors).Select(error => error.ToString())));
        }

        var change = await Task.Run(() => preview.MakeAsync(config, context.RequestAborted), context.RequestAborted);
        return change.Rewritten.Length > 0
            ? ControlError.Conflict(string.Join(" ", change.Rewritten))
            : Results.Text(ToJson(change).ToJsonString(), "application/json", Encoding.UTF8);
    }

    static JsonObject ToJson(ProposedChange change) => new()
    {
        ["object"] = "contract_preview",
        ["known_at"] = Text(change.KnownAt),
        ["settled_until"] = change.SettledUntil == DateTimeOffset.MinValue ? null : Text(change.SettledUntil),
        ["versions"] = new JsonArray([.. change.Versions.Select(of => (JsonNode)new JsonObject
        {
            ["contract"] = of.Contract,
            ["number"] = of.Version.Number,
            ["valid_from"] = Text(of.Version.ValidFrom),
            ["known_from"] = Text(of.Version.KnownFrom),
            ["ends"] = of.Version.Ends is { } ends ? Text(ends) : null,
            ["states"] = new JsonArray([.. of.Version.Clauses.Select(clause => JsonValue.Create(clause.Id))]),
            ["drops"] = new JsonArray([.. of.Version.Drops.Select(dropped => JsonValue.Create(dropped))]),
            ["reaches_back"] = of.Version.ValidFrom < change.SettledUntil,
        })]),
        ["rebooked_events"] = change.Events,
        ["differences"] = change.Differences is not { } differences ? null : new JsonArray(
        [
            .. differences.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (JsonNode)new JsonObject
            {
                ["account"] = pair.Key,
                ["usd"] = pair.Value,
            }),
        ]),
    };

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
