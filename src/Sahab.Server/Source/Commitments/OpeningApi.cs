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
        return Results.Ok(new ContractOpeningAnswer(
            "contract_opening", contract.Id, contract.Currency,
            shelf.Known.OpeningOf(id) is { } opening ? OpeningAnswer.Of(opening) : null,
            new BeforeBooksAnswer(
                events, [.. hours.Select(hour => UnpostedHourAnswer.Of(contract, hour))], hours.Count == MostHours)));
    }
}

/// <summary>What our books of a contract begin with.</summary>
/// <param name="Object">Always <c>contract_opening</c>.</param>
/// <param name="Opening">Null: they begin with the contract.</param>
/// <param name="BeforeBooks">What was used before them, and is not posted.</param>
internal sealed record ContractOpeningAnswer(
    string Object, string Contract, string Currency, OpeningAnswer? Opening, BeforeBooksAnswer BeforeBooks);

/// <param name="HasMore">Whether there are more hours than are listed.</param>
internal sealed record BeforeBooksAnswer(long Events, IReadOnlyList<UnpostedHourAnswer> Hours, bool HasMore);

/// <summary>What was used in an hour before our books.</summary>
/// <param name="Trace">The query for it.</param>
internal sealed record UnpostedHourAnswer(string Hour, long Events, decimal Quantity, decimal Net, string Trace)
{
    public static UnpostedHourAnswer Of(Contract contract, UnpostedHour hour) => new(
        ContractTime.Text(hour.Hour), hour.Events, hour.Quantity, hour.Net,
        OutlookTrace.Used(contract.Provider, hour.Hour));
}

/// <summary>Opening balances, in the contract's currency.</summary>
/// <param name="Accrued">What is used and not billed.</param>
/// <param name="Owed">What is billed and not paid.</param>
internal sealed record OpeningAnswer(
    string BooksFrom, decimal Accrued, decimal Owed, IReadOnlyList<OpeningDrawAnswer> Commitments,
    IReadOnlyList<OpeningVolumeAnswer> Rates, IReadOnlyList<OpeningPrepaidAnswer> Prepayments)
{
    public static OpeningAnswer Of(OpeningBalances opening) => new(
        ContractTime.Text(opening.BooksFrom), opening.Accrued, opening.Owed,
        [
            .. opening.Commitments.Select(draw => new OpeningDrawAnswer(
                draw.Commitment, ContractTime.Text(draw.Window), draw.Drawn, draw.Surplus, draw.Carried, draw.Deferred)),
        ],
        [.. opening.Rates.Select(rate => new OpeningVolumeAnswer(rate.Rate, ContractTime.Text(rate.From), rate.Volume))],
        [.. opening.Prepayments.Select(paid => new OpeningPrepaidAnswer(paid.Prepayment, paid.Left))]);
}

/// <param name="Window">When the commitment's window begins.</param>
internal sealed record OpeningDrawAnswer(
    string Commitment, string Window, decimal Drawn, decimal Surplus, decimal Carried, decimal Deferred);

internal sealed record OpeningVolumeAnswer(string Rate, string From, decimal Volume);

internal sealed record OpeningPrepaidAnswer(string Prepayment, decimal Left);
