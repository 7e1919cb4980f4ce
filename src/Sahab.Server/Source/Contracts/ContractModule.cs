using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Contracts;

/// <summary>Registers contracts: what is in force, its history, and the questions about it.</summary>
internal static class ContractModule
{
    public static IServiceCollection AddContracts(this IServiceCollection services) => services
        .AddSingleton<ContractStore>()
        .AddSingleton<ContractShelf>()
        .AddHostedService<ContractLoop>();

    /// <summary>Takes up the history and the configuration in force. The store's schema must be up to date.</summary>
    /// <exception cref="ContractHistoryException">The configuration rewrites history.</exception>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var shelf = services.GetRequiredService<ContractShelf>();
        shelf.Remember(await services.GetRequiredService<ContractStore>().ReadAsync(cancellation));
        services.GetRequiredService<ConfigurationState>().Subscribe("contracts", shelf.Prepare);
    }

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapContracts(this IEndpointRouteBuilder api) => ContractApi.Map(api);
}
