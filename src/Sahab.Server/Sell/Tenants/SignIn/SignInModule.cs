namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>Registers signing in by issuers of OpenID Connect.</summary>
internal static class SignInModule
{
    public static IServiceCollection AddIssuers(this IServiceCollection services) => services
        .AddSingleton<IssuerClient>()
        .AddSingleton<IdTokens>()
        .AddSingleton<SignInRoundStore>()
        .AddSingleton<IssuerDesk>();

    public static void MapIssuers(this IEndpointRouteBuilder api) => IssuerApi.Map(api);
}
