namespace Sahab.Server.Plan.Steering;

/// <summary>Registers what steers the router by the contracts.</summary>
internal static class SteeringModule
{
    public static IServiceCollection AddSteering(this IServiceCollection services) => services
        .AddSingleton<SteeringDesk>()
        .AddSingleton<SteeringInstruments>()
        .AddHostedService<SteeringLoop>();

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapSteering(this IEndpointRouteBuilder api) => SteeringApi.Map(api);
}
