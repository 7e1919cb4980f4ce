namespace Sahab.Server.Govern.Subprocessors;

/// <summary>Registers the register of subprocessors.</summary>
internal static class SubprocessorsModule
{
    public static IServiceCollection AddSubprocessors(this IServiceCollection services) =>
        services.AddSingleton<SubprocessorStore>();

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static void MapSubprocessors(this IEndpointRouteBuilder api)
    {
        SubprocessorApi.Map(api);
        ObjectionApi.Map(api);
    }
}
