using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>What came of an attempt.</summary>
/// <param name="Status">The HTTP status; null: there was no answer.</param>
/// <param name="Error">What went wrong; empty: it was delivered.</param>
internal readonly record struct SendOutcome(int? Status, string Error)
{
    public bool IsDelivered => Error.Length == 0;
}

/// <summary>
/// Sends events. The address is judged when the connection is made, after its name was looked up, so that a name which
/// points elsewhere a moment later gains nothing; nothing is followed, and of an answer nothing but its status is read.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    /// <summary>How long a connection may take until it is one, TLS included.</summary>
    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long the receiver may take in all.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    /// <summary>So long a connection is kept: names are looked up anew after it.</summary>
    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    const string NoConnection = "no connection could be made";

    readonly ConfigurationState _configuration;
    readonly TimeProvider _time;
    readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookUp;
    readonly HttpMessageInvoker _http;

    public WebhookSender(ConfigurationState configuration, TimeProvider time)
        : this(configuration, time, Dns.GetHostAddressesAsync, ConnectTimeout)
    {
    }

    /// <param name="lookUp">What says which addresses a name has.</param>
    /// <param name="connectTimeout">In real time, whatever <paramref name="time"/> is.</param>
    internal WebhookSender(
        ConfigurationState configuration, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> lookUp,
        TimeSpan connectTimeout)
    {
        (_configuration, _time, _lookUp) = (configuration, time, lookUp);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = connectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = WebhookLoop.MaxPerWebhook,
            ConnectCallback = ConnectAsync,
        });
    }

    /// <summary>The networks of the configuration in force.</summary>
    public WebhookNetworks Networks =>
        new([.. _configuration.Current.Webhooks.PrivateNetworks.Select(network => IPNetwork.Parse(network))]);

    public async Task<SendOutcome> SendAsync(ClaimedDelivery delivery, CancellationToken cancellation)
    {
        if (delivery.Url.Scheme == Uri.UriSchemeHttp && !_configuration.Current.Webhooks.AllowHttp)
        {
            return new SendOutcome(null, "its address is http, which this server does not send to any more");
        }

        var now = _time.GetUtcNow();
        var seconds = now.ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url)
        {
            Content = new StringContent(delivery.Payload, Encoding.UTF8, "application/json"),
        };
        request.Headers.UserAgent.ParseAdd("Sahab");
        request.Headers.Add(WebhookSignature.IdHeader, delivery.Event);
        request.Headers.Add(WebhookSignature.TimeHeader, seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(
            WebhookSignature.SignatureHeader,
            WebhookSignature.Sign(delivery.Secrets.At(now), delivery.Event, seconds, delivery.Payload));
        using var timeout = new CancellationTokenSource(AnswerTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            return new SendOutcome(status, response.IsSuccessStatusCode ? "" : $"the receiver answered {status}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Where it was not our time that ran out, it was the handler's for connecting.
            return new SendOutcome(null, timeout.IsCancellationRequested
                ? $"no answer within {AnswerTimeout.TotalSeconds:0} seconds"
                : NoConnection);
        }
        catch (HttpRequestException failure)
        {
            return new SendOutcome(null, WhyNot(failure));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>In few words: what the receiver's network says is nobody's business.</summary>
    static string WhyNot(HttpRequestException failure) => failure.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "its name could not be looked up",
        HttpRequestError.SecureConnectionError => "no secure connection could be made: look at its certificate",
        HttpRequestError.ConnectionError => NoConnection,
        _ => "the connection broke, or what came was no HTTP",
    };

    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var networks = Networks;
        var addresses = await LookUpAsync(context.DnsEndPoint.Host, cancellation);
        var allowed = addresses.Where(networks.Allow).ToArray();
        if (allowed.Length == 0)
        {
            // It looks like an address where nobody listens.
            throw new HttpRequestException(HttpRequestError.ConnectionError, "No connection.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new HttpRequestException(HttpRequestError.ConnectionError, "No connection.", failure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return await _lookUp(host.Trim('[', ']'), cancellation);
        }
        catch (SocketException failure)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, "No such name.", failure);
        }
    }
}
