namespace Sahab.Server.Source.Bills;

/// <summary>Registers our side of the providers' bills.</summary>
internal static class BillModule
{
    public static IServiceCollection AddBills(this IServiceCollection services) => services.AddSingleton<BillExport>();

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapBills(this IEndpointRouteBuilder api) => BillApi.Map(api);
}
