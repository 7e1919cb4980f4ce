using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>Registers the keys of the store.</summary>
internal static class KeysModule
{
    public static IServiceCollection AddKeys(this IServiceCollection services) => services
        .AddSingleton<KeyStore>()
        .AddSingleton<KeyHolders>()
        .AddSingleton<IHolders>(provider => provider.GetRequiredService<KeyHolders>())
        .AddSingleton<KeyFeed>()
        .AddSingleton<KeyDesk>()
        .AddSingleton<KeyLoop>()
        .AddHostedService(provider => provider.GetRequiredService<KeyLoop>());

    /// <summary>Reads all keys. The database must be up to date, and whoever wants the keys have said so.</summary>
    public static Task PrepareAsync(IServiceProvider services, CancellationToken cancellation) =>
        services.GetRequiredService<KeyFeed>().CatchUpAsync(cancellation);

    public static void MapKeys(this IEndpointRouteBuilder api) => KeysApi.Map(api);
}
