using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Tests.Metering;

/// <summary>The real metering behind a real port, with usage posted, and nothing else of the server.</summary>
internal sealed class UsageHost : IAsyncDisposable
{
    public const string AdminKey = "sk-admin-of-the-test";

    readonly WebApplication _app;

    UsageHost(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public string Url => _app.Urls.Single();

    public static async Task<UsageHost> StartAsync(string folder, int events)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(json => ControlJson.Configure(json.SerializerOptions));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddMetering(new MeteringConfig(), folder);
        var app = builder.Build();
        app.MapGroup("/api").MapMetering();
        app.Use(async (context, next) =>
        {
            // Stands for the host's own rule, so that the command is seen to send its key.
            var isAdmin = context.Request.Headers.Authorization == "Bearer " + AdminKey;
            if (isAdmin || !context.Request.Headers.ContainsKey("Authorization"))
            {
                await next();
                return;
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await context.Response.WriteAsync("""{"error":{"message":"This key is not an admin key."}}""");
        });
        await MeteringModule.PrepareAsync(app.Services, CancellationToken.None);
        await app.StartAsync();
        await app.Services.GetRequiredService<Journal>().AppendAsync(SampleUsage.Many(events).ToArray());
        await app.Services.GetRequiredService<UsageLoop>().DrainAsync(CancellationToken.None);
        return new UsageHost(app);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
