namespace Sahab.Server.Source.Commitments;

/// <summary>Registers the settlement of contracts, and the questions about how commitments stand.</summary>
internal static class CommitmentModule
{
    public static IServiceCollection AddCommitments(this IServiceCollection services) => services
        .AddSingleton<SettlementStore>()
        .AddSingleton<CheckpointStore>()
        .AddSingleton<CommitmentBooks>()
        .AddSingleton<AmendmentPreview>()
        .AddSingleton<Settler>()
        .AddSingleton<SettlementInstruments>()
        .AddSingleton<SettlementLoop>()
        .AddHostedService(provider => provider.GetRequiredService<SettlementLoop>());

    /// <summary>Maps into the group <c>/api</c>, which must admit administrators only.</summary>
    public static IEndpointRouteBuilder MapCommitments(this IEndpointRouteBuilder api) => CommitmentApi.Map(api);
}
