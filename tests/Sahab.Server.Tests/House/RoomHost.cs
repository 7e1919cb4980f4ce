using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Tests.House;

/// <summary>
/// A server with metering, contracts and the rooms that a test is about, on a port of its own: real files and sockets, and
/// nothing that the test does not ask for.
/// </summary>
internal sealed class RoomHost : IAsyncDisposable
{
    readonly WebApplication _app;

    RoomHost(WebApplication app) => _app = app;

    /// <summary>Its address.</summary>
    public string Url => _app.Urls.Single();

    /// <summary>Asks it.</summary>
    public HttpClient Client { get; } = new(new DescribedAnswers(new SocketsHttpHandler(), isWhole: false));

    /// <summary>Starts it.</summary>
    /// <param name="folder">Where its files are.</param>
    /// <param name="add">Registers rooms besides.</param>
    /// <param name="map">Maps endpoints into the group <c>/api</c>.</param>
    public static async Task<RoomHost> StartAsync(
        string folder, TimeProvider time, ConfigReading reading, Action<IServiceCollection> add, Action<IEndpointRouteBuilder> map)
    {
        reading.Errors.ShouldBeEmpty();
        return await StartAsync(folder, time, new ConfigurationState(reading, time), add, map);
    }

    /// <summary>The same with a configuration that no text says.</summary>
    public static async Task<RoomHost> StartAsync(
        string folder, TimeProvider time, ConfigurationState configuration, Action<IServiceCollection> add,
        Action<IEndpointRouteBuilder> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(json => ControlJson.Configure(json.SerializerOptions))
            .AddOpenApi(ApiDescription.Describe);
        builder.Services.AddSingleton(time).AddSingleton(configuration).AddContracts().AddMetering(
            new MeteringConfig(), folder, provider => provider.GetRequiredService<ContractShelf>().Known,
            provider => provider.GetService<PriceShelf>()?.Current ?? Ledger.Sales.PriceBook.Empty);
        add(builder.Services);
        var host = new RoomHost(builder.Build());
        try
        {
            map(host._app.MapGroup("/api"));
            host._app.MapOpenApi();
            await MeteringModule.PrepareAsync(host._app.Services, CancellationToken.None);
            await ContractModule.PrepareAsync(host._app.Services, CancellationToken.None);
            await host._app.StartAsync();
            host.Client.BaseAddress = new Uri(host.Url);
            return host;
        }
        catch
        {
            // A start that is refused leaves its files to the next.
            await host.DisposeAsync();
            throw;
        }
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
