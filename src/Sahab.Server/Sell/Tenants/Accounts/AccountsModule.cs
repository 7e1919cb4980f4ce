using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Registers users, their sessions and tokens.</summary>
internal static class AccountsModule
{
    public static IServiceCollection AddAccounts(this IServiceCollection services) => services
        .AddSingleton<AccountStore>()
        .AddSingleton<SessionStore>()
        .AddSingleton<AccessTokenStore>()
        .AddSingleton<OperatorStore>()
        .AddSingleton<Passwords>()
        .AddSingleton<RequestSite>()
        .AddSingleton<SessionCookie>()
        .AddSingleton<CallerCache>()
        .AddSingleton<TokenGuesses>()
        .AddSingleton<Standing>()
        .AddSingleton<SignInInstruments>()
        .AddSingleton<SignInDesk>()
        .AddSingleton<ICallerSource, TokenCallers>()
        .AddSingleton<ICallerSource, SessionCallers>()
        .AddSingleton<AccountLoop>()
        .AddHostedService(provider => provider.GetRequiredService<AccountLoop>());

    public static void Map(IEndpointRouteBuilder api)
    {
        SignInApi.Map(api);
        AccountApi.Map(api);
        OperatorApi.Map(api);
        UserApi.Map(api);
    }
}
