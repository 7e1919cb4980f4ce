using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Prices;

/// <summary>Registers prices: what is in force, its history, and the questions about it.</summary>
internal static class PriceModule
{
    public static IServiceCollection AddPrices(this IServiceCollection services) => services
        .AddSingleton<PriceStore>()
        .AddSingleton<PriceShelf>()
        .AddHostedService<PriceLoop>();

    /// <summary>Takes up the history and the configuration in force. The store's schema must be up to date.</summary>
    /// <exception cref="PriceHistoryException">The configuration rewrites history.</exception>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var shelf = services.GetRequiredService<PriceShelf>();
        shelf.Remember(await services.GetRequiredService<PriceStore>().ReadAsync(cancellation));
        services.GetRequiredService<ConfigurationState>().Subscribe("prices", shelf.Prepare);
    }

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static IEndpointRouteBuilder MapPrices(this IEndpointRouteBuilder api) => PriceApi.Map(api);
}
