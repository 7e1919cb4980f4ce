using System.Text;
using System.Text.Json.Nodes;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Access;
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
        api.MapGet("/commitments", (CommitmentBooks books, ContractShelf shelf) => Ok(books, shelf, null))
            .WithSummary("How each window of each commitment stands that has begun, as settled")
            .Produces(StatusCodes.Status200OK);
        api.MapGet("/contracts/{id}/standings", OfContract)
            .WithSummary("The same, of one contract")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status404NotFound);
        api.MapGet("/contracts/{id}/opening", OpeningApi.ShowAsync)
            .WithSummary("What our books of a contract begin with, and what was used before them and is not posted")
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
            ? Ok(books, shelf, id)
            : ControlError.NotFound("id", $"There is no contract '{id}'. There are: "
                + $"{string.Join(", ", shelf.Book.Contracts.Select(other => other.Id))}.");

    static IResult Ok(CommitmentBooks books, ContractShelf shelf, string? contract) => Results.Text(
        new JsonObject
        {
            ["object"] = "list",
            ["settled_until"] = books.SettledUntil == DateTimeOffset.MinValue ? null : Text(books.SettledUntil),
            ["data"] = new JsonArray(
            [
                .. from each in shelf.Book.Contracts
                   where contract is null || each.Id == contract
                   orderby each.Id
                   from row in RowsOf(each, books, shelf.Known.OpeningOf(each.Id))
                   select (JsonNode)row,
            ]),
        }.ToJsonString(),
        "application/json",
        Encoding.UTF8);

    static IEnumerable<JsonObject> RowsOf(Contract contract, CommitmentBooks books, OpeningBalances? opening)
    {
        var known = contract.Versions.SelectMany(version => version.Clauses).OfType<Commitment>()
            .GroupBy(commitment => commitment.Id, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last());
        var closed = known.Values.SelectMany(commitment => commitment.Windows
            .Where(window => opening?.Closes(window) == true).Select(window => (commitment.Id, window.From, Node: Closed(
                contract, commitment, window))));
        var standings = books.Standings.Where(standing => standing.Contract == contract.Id)
            .Select(standing => (standing.Commitment, standing.Window.From, Node: ToJson(
                contract, known.GetValueOrDefault(standing.Commitment), standing, opening)));
        return closed.Concat(standings).OrderBy(row => row.Item1, StringComparer.Ordinal).ThenBy(row => row.From)
            .Select(row => row.Node);
    }

    /// <summary>A window that had ended when our books began: nothing of it is known here.</summary>
    static JsonObject Closed(Contract contract, Commitment commitment, CommitmentWindow window) =>
        Head(contract, commitment, commitment.Id, window, isBeforeBooks: true);

    /// <summary>Amounts are in the contract's currency, or in the commitment's unit; <c>owed</c> is always money.</summary>
    static JsonObject ToJson(
        Contract contract, Commitment? clause, CommitmentStanding standing, OpeningBalances? opening)
    {
        var node = Head(contract, clause, standing.Commitment, standing.Window, isBeforeBooks: false);
        node["deferred"] = standing.Deferred;
        node["target"] = standing.Target;
        node["carried"] = standing.Carried;
        node["drawn"] = standing.Drawn;
        node["drawn_before_books"] = opening?.DrawOf(standing.Commitment, standing.Window) is { } draw
            ? draw.Drawn + draw.Surplus
            : 0;
        node["remaining"] = standing.Remaining;
        node["owed"] = standing.Owed;
        return node;
    }

    static JsonObject Head(
        Contract contract, Commitment? clause, string commitment, CommitmentWindow window, bool isBeforeBooks) => new()
        {
            ["contract"] = contract.Id,
            ["commitment"] = commitment,
            ["from"] = Text(window.From),
            ["until"] = Text(window.Until),
            ["before_books"] = isBeforeBooks,
            ["currency"] = contract.Currency,
            ["unit"] = clause?.Measure == Measure.Quantity ? clause.Unit : contract.Currency,
            ["amount"] = window.Amount,
        };

    static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
}
