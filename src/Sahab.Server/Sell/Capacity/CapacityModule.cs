namespace Sahab.Server.Sell.Capacity;

/// <summary>Registers reserved capacity.</summary>
internal static class CapacityModule
{
    public static IServiceCollection AddCapacity(this IServiceCollection services) => services
        .AddSingleton<CapacityStore>()
        .AddSingleton<CapacityHoldings>()
        .AddSingleton<CapacityShelf>()
        .AddSingleton<CapacityInstruments>()
        .AddSingleton<CapacityDesk>()
        .AddSingleton<CapacityLoop>()
        .AddHostedService(provider => provider.GetRequiredService<CapacityLoop>());

    /// <summary>Puts in force what is reserved. The store's schema must be up to date, and the configuration in force.</summary>
    public static Task PrepareAsync(IServiceProvider services, CancellationToken cancellation) =>
        services.GetRequiredService<CapacityLoop>().CatchUpAsync(cancellation);

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static void MapCapacity(this IEndpointRouteBuilder api) => CapacityApi.Map(api);
}
