using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.SignIn;

namespace Sahab.Server.Sell.Tenants;

/// <summary>Registers organisations, their members and projects, and how users and programs sign in.</summary>
internal static class TenantsModule
{
    /// <summary>Call it before other sources of callers are registered: a bearer that is a token is looked at here.</summary>
    public static IServiceCollection AddTenants(this IServiceCollection services) => services
        .AddSingleton<OrganisationStore>()
        .AddSingleton<ProjectStore>()
        .AddSingleton<MemberStore>()
        .AddSingleton<InvitationStore>()
        .AddSingleton<FileTenants>()
        .AddHostedService(provider => provider.GetRequiredService<FileTenants>())
        .AddAccounts()
        .AddIssuers();

    /// <summary>Mirrors the tenants of the configuration. The store's schema must be up to date.</summary>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var tenants = services.GetRequiredService<FileTenants>();
        var configuration = services.GetRequiredService<ConfigurationState>();
        await tenants.MirrorAsync(configuration.Current, cancellation);
        configuration.Subscribe("organisations", tenants.Prepare);
    }

    public static void MapTenants(this IEndpointRouteBuilder api)
    {
        OrganisationApi.Map(api);
        ProjectApi.Map(api);
        MemberApi.Map(api);
        AccountsModule.Map(api);
        api.MapIssuers();
    }
}
