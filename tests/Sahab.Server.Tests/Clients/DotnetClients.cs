using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Images;
using OpenAI.Models;
using OpenAI.Moderations;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Clients;

/// <summary>A house for one class of tests, and the official .NET clients that call it.</summary>
public sealed class DotnetClients : IAsyncLifetime
{
    internal ClientHouse Home { get; private set; } = null!;

    internal TestHouse House => Home.House;

    public async Task InitializeAsync() => Home = await ClientHouse.StartAsync();

    public async Task DisposeAsync() => await Home.DisposeAsync();

    internal ChatClient Chat(
        string model = "small", string key = "demo", int retries = 0, WatchingHandler? watch = null) =>
        new(model, new ApiKeyCredential(ClientHouse.SecretOf(key)), Options(retries, watch));

    internal EmbeddingClient Embeddings(string model = "vectors") =>
        new(model, new ApiKeyCredential(ClientHouse.SecretOf("demo")), Options(0, null));

    internal ModerationClient Moderations() =>
        new("guard", new ApiKeyCredential(ClientHouse.SecretOf("demo")), Options(0, null));

    internal ImageClient Images(string model = "painter") =>
        new(model, new ApiKeyCredential(ClientHouse.SecretOf("demo")), Options(0, null));

    internal AudioClient Audio(string model) =>
        new(model, new ApiKeyCredential(ClientHouse.SecretOf("demo")), Options(0, null));

    internal OpenAIModelClient Models() => new(new ApiKeyCredential(ClientHouse.SecretOf("demo")), Options(0, null));

    OpenAIClientOptions Options(int retries, WatchingHandler? watch)
    {
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(House.Address, "/v1"),
            RetryPolicy = new ClientRetryPolicy(retries),
        };
        if (watch is not null)
        {
            options.Transport = new HttpClientPipelineTransport(new HttpClient(watch));
        }

        return options;
    }
}

/// <summary>Remembers statuses and bodies, and lets a test act before the client sees an answer.</summary>
internal sealed class WatchingHandler(Func<HttpResponseMessage, Task>? onResponse = null)
    : DelegatingHandler(new SocketsHttpHandler())
{
    long _answered;

    public List<HttpStatusCode> Statuses { get; } = [];

    public List<string> Bodies { get; } = [];

    /// <summary>From the end of one answer to the next request, for each request but the first.</summary>
    public List<TimeSpan> Pauses { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Statuses.Count > 0)
        {
            Pauses.Add(TimeProvider.System.GetElapsedTime(_answered));
        }

        Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
        var response = await base.SendAsync(request, cancellationToken);
        Statuses.Add(response.StatusCode);
        if (onResponse is not null)
        {
            await onResponse(response);
        }

        _answered = TimeProvider.System.GetTimestamp();
        return response;
    }
}
