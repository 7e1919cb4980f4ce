namespace Sahab.Server.Govern.UsePolicy;

/// <summary>Registers what projects are declared to be for, and the reviews of that.</summary>
internal static class UsePolicyModule
{
    public static IServiceCollection AddUsePolicy(this IServiceCollection services) => services
        .AddSingleton<UseStore>()
        .AddSingleton<ReviewDesk>();

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static void MapUsePolicy(this IEndpointRouteBuilder api)
    {
        UseApi.Map(api);
        ReviewApi.Map(api);
    }
}
