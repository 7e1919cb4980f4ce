namespace Sahab.Server.Sell.Webhooks;

/// <summary>Registers webhooks.</summary>
internal static class WebhooksModule
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services) => services
        .AddSingleton<WebhookStore>()
        .AddSingleton<DeliveryStore>()
        .AddSingleton<WebhookOutbox>()
        .AddSingleton<WebhookFeed>()
        .AddSingleton<WebhookSender>()
        .AddSingleton<WebhookInstruments>()
        .AddSingleton<WebhookLoop>()
        .AddHostedService(provider => provider.GetRequiredService<WebhookLoop>());

    public static void MapWebhooks(this IEndpointRouteBuilder api) => WebhooksApi.Map(api);
}
