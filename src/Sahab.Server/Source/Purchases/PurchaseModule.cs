namespace Sahab.Server.Source.Purchases;

/// <summary>Registers purchases of capacity.</summary>
internal static class PurchaseModule
{
    public static IServiceCollection AddPurchases(this IServiceCollection services) => services
        .AddSingleton<PurchaseStore>()
        .AddSingleton<WindowClock>()
        .AddSingleton<PurchaseDesk>();

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapPurchases(this IEndpointRouteBuilder api) => PurchaseApi.Map(api);
}
