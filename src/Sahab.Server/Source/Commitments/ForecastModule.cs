namespace Sahab.Server.Source.Commitments;

/// <summary>Registers the outlook of commitments, and the questions about it.</summary>
internal static class ForecastModule
{
    public static IServiceCollection AddForecasts(this IServiceCollection services) => services
        .AddSingleton<CommitmentOutlooks>()
        .AddHostedService<OutlookLoop>()
        .AddSingleton<DrawnHours>();

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapForecasts(this IEndpointRouteBuilder api) => BurnDownApi.Map(api);
}
