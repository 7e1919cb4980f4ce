using System.Text;
using Sahab.Ledger.Contracts;
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
            .Produces<StandingsAnswer>();
        api.MapGet("/contracts/{id}/standings", OfContract)
            .WithSummary("The same, of one contract")
            .Produces<StandingsAnswer>();
        api.MapGet("/contracts/{id}/opening", OpeningApi.ShowAsync)
            .WithSummary("What our books of a contract begin with, and what was used before them and is not posted")
            .Produces<ContractOpeningAnswer>();
        api.MapPost("/contracts/preview", PreviewAsync)
            .WithSummary("What a configuration, sent as YAML, would change in the ledger; nothing is applied")
            .Accepts<string>("application/yaml")
            .Produces<ContractPreviewAnswer>();
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
            : Results.Ok(ContractPreviewAnswer.Of(change));
    }

    static IResult OfContract(string id, CommitmentBooks books, ContractShelf shelf) =>
        shelf.Book.Contracts.Any(contract => contract.Id == id)
            ? Ok(books, shelf, id)
            : ControlError.NotFound("id", $"There is no contract '{id}'. There are: "
                + $"{string.Join(", ", shelf.Book.Contracts.Select(other => other.Id))}.");

    static IResult Ok(CommitmentBooks books, ContractShelf shelf, string? contract) => Results.Ok(new StandingsAnswer(
        "list",
        books.SettledUntil == DateTimeOffset.MinValue ? null : ContractTime.Text(books.SettledUntil),
        [
            .. from each in shelf.Book.Contracts
               where contract is null || each.Id == contract
               orderby each.Id
               from row in RowsOf(each, books, shelf.Known.OpeningOf(each.Id))
               select row,
        ]));

    static IEnumerable<StandingAnswer> RowsOf(Contract contract, CommitmentBooks books, OpeningBalances? opening)
    {
        var known = contract.Versions.SelectMany(version => version.Clauses).OfType<Commitment>()
            .GroupBy(commitment => commitment.Id, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last());
        var closed = known.Values.SelectMany(commitment => commitment.Windows
            .Where(window => opening?.Closes(window) == true)
            .Select(window => (commitment.Id, window.From, Row: StandingAnswer.Closed(contract, commitment, window))));
        var standings = books.Standings.Where(standing => standing.Contract == contract.Id)
            .Select(standing => (standing.Commitment, standing.Window.From, Row: StandingAnswer.Of(
                contract, known.GetValueOrDefault(standing.Commitment), standing, opening)));
        return closed.Concat(standings).OrderBy(row => row.Item1, StringComparer.Ordinal).ThenBy(row => row.From)
            .Select(row => row.Row);
    }
}
