namespace Sahab.Server.Govern.Audit;

/// <summary>Registers the log of changes.</summary>
internal static class AuditModule
{
    public static IServiceCollection AddAudit(this IServiceCollection services) => services
        .AddSingleton<AuditLog>()
        .AddSingleton<AuditStore>()
        .AddSingleton<AuditTurn>();

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static void MapAudit(this IEndpointRouteBuilder api) => AuditApi.Map(api);
}
