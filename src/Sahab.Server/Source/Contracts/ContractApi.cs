using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Contracts;

/// <summary>
/// The contracts as they stand on a day (<c>valid_at</c>), as we knew them on another (<c>known_at</c>); both are now unless
/// given. Mapped into a group that admits administrators only.
/// </summary>
internal static class ContractApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/contracts", List)
            .WithSummary("The contracts in force")
            .Produces<ContractsAnswer>();
        api.MapGet("/contracts/{id}", Show)
            .WithSummary("A contract: its versions, and its clauses in force with the page that each stands on")
            .Produces<ContractAnswer>();
        return api;
    }

    static IResult List(HttpContext context, ContractShelf shelf, TimeProvider time)
    {
        if (!TryTimes(context.Request.Query, time.GetUtcNow(), out var times, out var fault))
        {
            return fault!;
        }

        var inForce = shelf.Book.AsOf(times.ValidAt, times.KnownAt);
        return Results.Ok(new ContractsAnswer(
            "list", ContractTime.Text(times.ValidAt), ContractTime.Text(times.KnownAt),
            [
                .. from contract in shelf.Book.Contracts
                   let terms = inForce.FirstOrDefault(terms => terms.Contract.Id == contract.Id)
                   where terms is not null
                   select ContractTermsAnswer.Of(terms),
            ]));
    }

    static IResult Show(string id, HttpContext context, ContractShelf shelf, TimeProvider time)
    {
        if (!TryTimes(context.Request.Query, time.GetUtcNow(), out var times, out var fault))
        {
            return fault!;
        }

        if (shelf.Book.Contracts.FirstOrDefault(contract => contract.Id == id) is not { } contract)
        {
            var known = string.Join(", ", shelf.Book.Contracts.Select(other => other.Id));
            return ControlError.NotFound("id", $"There is no contract '{id}'. There are: {known}.");
        }

        var terms = shelf.Book.AsOf(times.ValidAt, times.KnownAt).FirstOrDefault(terms => terms.Contract.Id == id);
        return Results.Ok(ContractAnswer.Of(contract, terms, times.ValidAt, times.KnownAt));
    }

    static bool TryTimes(
        IQueryCollection query, DateTimeOffset now, out (DateTimeOffset ValidAt, DateTimeOffset KnownAt) times,
        out IResult? fault)
    {
        times = (now, now);
        fault = null;
        foreach (var (name, values) in query)
        {
            if (name is not ("valid_at" or "known_at"))
            {
                fault = ControlError.Invalid(name, $"Unknown parameter '{name}'. Known: valid_at, known_at.");
                return false;
            }

            if (!ContractBinding.TryTime(values.ToString(), out var time))
            {
                fault = ControlError.Invalid(
                    name,
                    $"The parameter '{name}' is '{values}'; it must be {TextForms.Describe(TextForm.Instant)}.");
                return false;
            }

            times = name == "valid_at" ? (time, times.KnownAt) : (times.ValidAt, time);
        }

        return true;
    }
}
