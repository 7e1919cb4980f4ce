namespace Sahab.Server.Hosting.Access;

/// <summary>Registers what stands before every endpoint of the control API.</summary>
internal static class AccessModule
{
    public static IServiceCollection AddAccess(this IServiceCollection services) => services
        .AddSingleton<AccessJudge>()
        .AddSingleton<IdempotentRequestStore>()
        .AddHostedService<IdempotencyLoop>();

    /// <summary>The group <c>/api</c>: each endpoint in it says what it needs, and no change is made twice.</summary>
    public static RouteGroupBuilder MapControlApi(this IEndpointRouteBuilder endpoints) => endpoints.MapGroup("/api")
        .AddEndpointFilter<RouteGroupBuilder, AccessFilter>()
        .AddEndpointFilter<RouteGroupBuilder, IdempotencyFilter>();
}
