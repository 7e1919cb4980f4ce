using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Portal;

/// <summary>What users see and change of themselves: password, sessions, access tokens, language and colours.</summary>
internal static class AccountPagesApi
{
    public static void Map(IEndpointRouteBuilder pages) =>
        pages.MapGet("/account", ShowAsync).Needs(Permission.SignedIn).ExcludeFromDescription();

    static async Task<IResult> ShowAsync(
        HttpContext context, PageRenderer renderer, AccountStore accounts, SessionStore sessions, AccessTokenStore tokens,
        OrganisationStore organisations, TimeProvider time)
    {
        var (caller, cancellation, now) = (Caller.Of(context), context.RequestAborted, time.GetUtcNow());
        var view = AccountApi.UserOf(caller) is { } user && await accounts.FindAsync(user, cancellation) is { } account
            ? new AccountView(account)
            {
                Sessions = await sessions.ListAsync(user, now, ConsolePagesApi.All, cancellation),
                ThisSession = caller.Session ?? "",
                Tokens = await tokens.ListAsync(user, ConsolePagesApi.All, cancellation),
                Organisations = await organisations.ListAsync(user, ConsolePagesApi.All, cancellation),
                OperatorRoles = caller.OperatorRoles,
                Now = now,
            }
            : new AccountView(null);
        return await renderer.ShowAsync(context, new PageView(typeof(AccountPage), new() { ["View"] = view }));
    }
}
