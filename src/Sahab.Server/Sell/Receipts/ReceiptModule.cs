using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Receipts;

/// <summary>Registers receipts: the key, writing them, and handing them out.</summary>
internal static class ReceiptModule
{
    /// <param name="dataFolder">Where the key is, unless the configuration has one; it must exist.</param>
    public static IServiceCollection AddReceipts(this IServiceCollection services, string dataFolder) => services
        .AddSingleton(provider => ReceiptSigner.Open(
            provider.GetRequiredService<ConfigurationState>().Current.Billing.ReceiptKey?.Value, dataFolder))
        .AddSingleton<ReceiptWriter>()
        .AddSingleton<ReceiptStore>();

    /// <summary>Keeps the public key of this node, so that its receipts can be verified when the node is gone.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The key cannot be read.</exception>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var signer = services.GetRequiredService<ReceiptSigner>();
        await services.GetRequiredService<ReceiptStore>().AddKeyAsync(
            new KeptKey(signer.KeyId, signer.PublicKey, services.GetRequiredService<TimeProvider>().GetUtcNow()),
            cancellation);
    }

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static IEndpointRouteBuilder MapReceipts(this IEndpointRouteBuilder api) => ReceiptApi.Map(api);
}
