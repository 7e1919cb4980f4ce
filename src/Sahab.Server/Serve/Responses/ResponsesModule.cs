using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Serve.Responses;

/// <summary>Registers what is kept of responses.</summary>
internal static class ResponsesModule
{
    public static void AddResponses(this IServiceCollection services)
    {
        services.AddSingleton<ResponseStore>();
        services.AddSingleton<ResponseKeeper>();
        services.AddSingleton<IDoorKeeper>(provider => provider.GetRequiredService<ResponseKeeper>());
        services.AddHostedService<ResponseLoop>();
    }
}
