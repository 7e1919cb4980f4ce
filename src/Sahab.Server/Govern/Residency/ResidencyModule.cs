using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Registers the rules on data, and the shelf that holds all rules in memory.</summary>
internal static class ResidencyModule
{
    /// <param name="exportsTelemetry">Whether metrics and traces are sent on.</param>
    public static IServiceCollection AddResidency(this IServiceCollection services, bool exportsTelemetry) => services
        .AddSingleton(new TelemetryExport(exportsTelemetry))
        .AddSingleton<ChangeCounter>()
        .AddSingleton<DataRulesStore>()
        .AddSingleton<DataRulesShelf>()
        .AddSingleton<DataRulesDesk>()
        .AddHostedService<DataRulesLoop>();

    /// <summary>Takes up what was set at run time, and the configuration in force. The store's schema must be up to date.</summary>
    /// <exception cref="ResidencyException">Under the configuration data could leave the rules.</exception>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var shelf = services.GetRequiredService<DataRulesShelf>();
        await shelf.RefreshAsync(cancellation);
        services.GetRequiredService<ConfigurationState>().Subscribe("data rules", shelf.Prepare);
    }

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static void MapResidency(this IEndpointRouteBuilder api) => DataRulesApi.Map(api);
}
