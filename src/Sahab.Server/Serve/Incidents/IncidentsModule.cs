namespace Sahab.Server.Serve.Incidents;

/// <summary>Registers what is known of outages and of availability.</summary>
internal static class IncidentsModule
{
    public static IServiceCollection AddIncidents(this IServiceCollection services) => services
        .AddSingleton<IncidentDesk>()
        .AddSingleton<StatusBoard>()
        .AddHostedService<StatusLoop>();

    /// <summary>Maps into the group <c>/api</c>.</summary>
    /// <param name="operations">The group of those who see operations.</param>
    public static void MapIncidents(this IEndpointRouteBuilder api, IEndpointRouteBuilder operations) =>
        IncidentApi.Map(api, operations);
}
