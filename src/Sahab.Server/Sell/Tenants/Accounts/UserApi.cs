using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Users whom the operator makes, also where nobody may sign up by themselves.</summary>
internal static class UserApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/users", AddAsync).Needs(Permission.ChangeUsers).Reads<Body>().WithSummary("Make a user");

    static async Task<IResult> AddAsync(HttpContext context, SignInDesk desk)
    {
        var (body, fault) = await ControlBody.ReadAsync<Body>(context);
        if (body is null || (fault = SignInApi.FaultOf(body.Email, body.Password, body.Name, out var email)) is not null)
        {
            return fault!;
        }

        var (account, refused) = await desk.AddAsync(
            email, body.Password, body.Name?.Trim(), Caller.Of(context).Name, context.RequestAborted);
        return account is null ? refused! : ControlBody.Ok(new JsonObject
        {
            ["id"] = account.Id,
            ["email"] = account.Email,
            ["name"] = account.Name,
        });
    }

    sealed record Body(string Email, string Password, string? Name = null)
    {
        public override string ToString() => nameof(Body);
    }
}
