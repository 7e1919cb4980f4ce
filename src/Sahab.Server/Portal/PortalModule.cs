namespace Sahab.Server.Portal;

/// <summary>Registers the pages that an operator looks at.</summary>
internal static class PortalModule
{
    public static void AddPortal(this IServiceCollection services)
    {
        services.AddSingleton<PortalAssets>();
        services.AddSingleton<PageRenderer>();
        services.AddSingleton<LiveFeed>();
        services.AddSingleton<LiveStream>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveFeed>());
    }

    public static void MapPortal(this IEndpointRouteBuilder endpoints) => PortalApi.Map(endpoints);
}
