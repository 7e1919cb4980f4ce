using Microsoft.Extensions.DependencyInjection.Extensions;
using Sahab.Server.Source.Purchases;

namespace Sahab.Server.Source.Claims;

/// <summary>Registers claims against providers.</summary>
internal static class ClaimModule
{
    public static IServiceCollection AddClaims(this IServiceCollection services)
    {
        services.TryAddSingleton<WindowClock>();
        return services.AddSingleton<ClaimStore>().AddSingleton<OwedCredits>().AddSingleton<ClaimDesk>();
    }

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapClaims(this IEndpointRouteBuilder api) => ClaimApi.Map(api);
}
