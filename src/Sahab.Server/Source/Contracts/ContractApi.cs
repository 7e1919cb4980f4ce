using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Contracts;

/// <summary>
/// The contracts as they stand on a day (<c>valid_at</c>), as we knew them on another (<c>known_at</c>); both are now unless
/// given. Mapped into a group that admits administrators only.
/// </summary>
internal static class ContractApi
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/contracts", List)
            .WithSummary("The contracts in force")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest);
        api.MapGet("/contracts/{id}", Show)
            .WithSummary("A contract: its versions, and its clauses in force with the page that each stands on")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest)
            .Produces(StatusCodes.Status404NotFound);
        return api;
    }

    static IResult List(HttpContext context, ContractShelf shelf, TimeProvider time)
    {
        if (!TryTimes(context.Request.Query, time.GetUtcNow(), out var times, out var fault))
        {
            return fault!;
        }

        var inForce = shelf.Book.AsOf(times.ValidAt, times.KnownAt);
        var data = new JsonArray();
        foreach (var contract in shelf.Book.Contracts)
        {
            if (inForce.FirstOrDefault(terms => terms.Contract.Id == contract.Id) is { } terms)
            {
                data.Add(Head(terms));
            }
        }

        return Ok(new JsonObject
        {
            ["object"] = "list",
            ["valid_at"] = Text(times.ValidAt),
            ["known_at"] = Text(times.KnownAt),
            ["data"] = data,
        });
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

        var answer = shelf.Book.AsOf(times.ValidAt, times.KnownAt)
            .FirstOrDefault(terms => terms.Contract.Id == id) is { } terms
            ? Head(terms)
            : new JsonObject { ["id"] = contract.Id, ["provider"] = contract.Provider, ["version"] = null };
        answer["valid_at"] = Text(times.ValidAt);
        answer["known_at"] = Text(times.KnownAt);
        answer["versions"] = new JsonArray(
        [
            .. contract.Versions.Where(version => version.KnownFrom <= times.KnownAt).Select(version => (JsonNode)new JsonObject
            {
                ["number"] = version.Number,
                ["valid_from"] = Text(version.ValidFrom),
                ["known_from"] = Text(version.KnownFrom),
                ["ends"] = Text(version.Ends),
                ["states"] = new JsonArray([.. version.Clauses.Select(clause => JsonValue.Create(clause.Id))]),
                ["drops"] = new JsonArray([.. version.Drops.Select(dropped => JsonValue.Create(dropped))]),
            }),
        ]);
        return Ok(answer);
    }

    static JsonObject Head(ContractTerms terms)
    {
        var clauses = new JsonArray();
        foreach (var clause in terms.Clauses)
        {
            var node = JsonSerializer.SerializeToNode(clause, clause.GetType(), Json)!.AsObject();
            node.Insert(0, "kind", JsonNamingPolicy.SnakeCaseLower.ConvertName(clause.GetType().Name));
            clauses.Add(node);
        }

        return new JsonObject
        {
            ["id"] = terms.Contract.Id,
            ["provider"] = terms.Contract.Provider,
            ["currency"] = terms.Contract.Currency,
            ["version"] = terms.Version.Number,
            ["valid_from"] = Text(terms.Version.ValidFrom),
            ["ends"] = Text(terms.Version.Ends),
            ["clauses"] = clauses,
        };
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

    static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);

    static IResult Ok(JsonObject body) => Results.Text(body.ToJsonString(), "application/json", Encoding.UTF8);
}
