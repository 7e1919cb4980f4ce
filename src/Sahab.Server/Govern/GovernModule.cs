using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;

namespace Sahab.Server.Govern;

/// <summary>Registers the plane that says who may do what with which data.</summary>
internal static class GovernModule
{
    /// <param name="exportsTelemetry">Whether metrics and traces are sent on.</param>
    public static IServiceCollection AddGovern(this IServiceCollection services, bool exportsTelemetry = false) => services
        .AddAudit()
        .AddResidency(exportsTelemetry)
        .AddSubprocessors()
        .AddUsePolicy();

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static void MapGovern(this IEndpointRouteBuilder api)
    {
        api.MapAudit();
        api.MapResidency();
        api.MapSubprocessors();
        api.MapUsePolicy();
    }
}
