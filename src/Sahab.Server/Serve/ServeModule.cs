using Sahab.Server.Serve.Batches;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Providers;
using Sahab.Server.Serve.Providers.Vllm;
using Sahab.Server.Serve.Responses;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve;

/// <summary>Registers the plane that serves requests.</summary>
internal static class ServeModule
{
    /// <param name="dataFolder">Where what clients upload is kept.</param>
    public static void AddServe(this IServiceCollection services, string dataFolder)
    {
        services.AddSingleton<UpstreamPool>();
        services.AddSingleton<UpstreamFactory>();
        services.AddSingleton<DrainGate>();
        services.AddSingleton<StoreKeyTable>();
        services.AddSingleton<SnapshotPublisher>();
        services.AddSingleton<KeyGuesses>();
        services.AddSingleton<RecentCalls>();
        services.AddSingleton<RunningTotals>();
        services.AddSingleton<GatewayInstruments>();
        services.AddSingleton<DeploymentInstruments>();
        services.AddSingleton<GuaranteeInstruments>();
        services.AddSingleton<CallBudgets>();
        services.AddSingleton<Settlement>();
        services.AddSingleton<AttemptRunner>();
        services.AddSingleton<CallRunner>();
        services.AddSingleton<FrontDoor>();
        services.AddSingleton<Explainer>();
        services.AddSingleton<CallWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<CallWatch>());
        services.AddHostedService<LoadProbeLoop>();
        services.AddResponses();
        services.AddBatches(dataFolder);
        services.AddSingleton<Placement>();
        services.AddHostedService(provider => provider.GetRequiredService<Placement>());
    }

    /// <param name="api">The group of the control API.</param>
    public static void MapServe(this IEndpointRouteBuilder endpoints, IEndpointRouteBuilder api)
    {
        // Nobody else asks for these: their gauges are to be there from the start.
        endpoints.ServiceProvider.GetRequiredService<DeploymentInstruments>();
        endpoints.ServiceProvider.GetRequiredService<GuaranteeInstruments>();
        ModelsApi.Map(endpoints);
        StoredResponsesApi.Map(endpoints);
        BatchesModule.Map(endpoints);
        ServeApi.Map(api);
        GuaranteeApi.Map(api);
    }
}
