using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Users whom the operator makes, also where nobody may sign up by themselves.</summary>
internal static class UserApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/users", AddAsync).Needs(Permission.ChangeUsers).Reads<Body>().Produces<UserAnswer>()
            .WithSummary("Make a user");

    static async Task<IResult> AddAsync(HttpContext context, SignInDesk desk)
    {
        var (body, fault) = await ControlBody.ReadAsync<Body>(context);
        if (body is null || (fault = SignInApi.FaultOf(body.Email, body.Password, body.Name, out var email)) is not null)
        {
            return fault!;
        }

        var (account, refused) = await desk.AddAsync(
            email, body.Password, body.Name?.Trim(), Caller.Of(context).Name, context.RequestAborted);
        return account is null ? refused! : Results.Ok(UserAnswer.Of(account));
    }

    sealed record Body(string Email, string Password, string? Name = null)
    {
        public override string ToString() => nameof(Body);
    }
}

/// <summary>A user as the control API tells it.</summary>
internal sealed record UserAnswer(string Id, string Email, string Name)
{
    public static UserAnswer Of(Account account) => new(account.Id, account.Email, account.Name);
}
