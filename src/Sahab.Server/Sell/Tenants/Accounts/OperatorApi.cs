using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Who is on the operator's side. The first is made with an admin key of the configuration.</summary>
internal static class OperatorApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var operators = api.MapGroup("/operators").Needs(Permission.ChangeOperators);
        operators.MapGet("", ListAsync).Pages<OperatorAnswer>().WithSummary("Users with a role of the operator");
        operators.MapPost("", SetAsync).Reads<Body>().Produces<OperatorAnswer>()
            .WithSummary("Give a user these roles of the operator and no others");
    }

    static async Task<IResult> ListAsync(HttpContext context, OperatorStore operators) =>
        !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : page.Answer(await operators.ListAsync(page, context.RequestAborted), OperatorAnswer.Of, each => each.User);

    static async Task<IResult> SetAsync(
        HttpContext context, OperatorStore operators, AccountStore accounts, CallerCache cache)
    {
        var (body, fault) = await ControlBody.ReadAsync<Body>(context);
        if (body is null)
        {
            return fault!;
        }

        if (EmailAddress.Normalise(body.Email) is not { } email
            || await accounts.FindByEmailAsync(email, context.RequestAborted) is not { } known)
        {
            return ControlError.NotFound("email", "There is no user with this e-mail. Let them sign up first.");
        }

        await operators.SetAsync(known.Account.Id, body.Roles, Caller.Of(context).Name, context.RequestAborted);
        cache.Forget();
        return Results.Ok(OperatorAnswer.Of(new Operator(
            known.Account.Id, email, known.Account.Name, [.. body.Roles.Distinct()])));
    }

    /// <param name="Roles">None takes all.</param>
    sealed record Body(string Email, OperatorRole[] Roles);
}

/// <summary>Somebody on the operator's side as the control API tells it.</summary>
internal sealed record OperatorAnswer(string User, string Email, string Name, IReadOnlyList<OperatorRole> Roles)
{
    public static OperatorAnswer Of(Operator each) => new(each.User, each.Email, each.Name, each.Roles);
}
