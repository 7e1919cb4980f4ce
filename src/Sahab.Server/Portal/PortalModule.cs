namespace Sahab.Server.Portal;

/// <summary>Registers the pages, of the operator and of those who buy.</summary>
internal static class PortalModule
{
    public static void AddPortal(this IServiceCollection services)
    {
        services.AddSingleton<PortalAssets>();
        services.AddSingleton<PageRenderer>();
        services.AddSingleton<PageCallers>();
        services.AddSingleton<LiveFeed>();
        services.AddSingleton<LiveStream>();
        services.AddSingleton<OrganisationRooms>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveFeed>());
    }

    public static void MapPortal(this IEndpointRouteBuilder endpoints) => PortalApi.Map(endpoints);
}
