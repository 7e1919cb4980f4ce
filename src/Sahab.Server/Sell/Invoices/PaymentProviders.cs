using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Invoices;

/// <summary>The payment providers that are configured; a file always is.</summary>
internal sealed class PaymentProviders(ConfigurationState configuration, InvoiceStore store, TimeProvider time) : IDisposable
{
    /// <summary>The name of the service that collects by HTTP.</summary>
    public const string Service = "stripe";

    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The largest answer of a provider that is read.</summary>
    const long MaxAnswerBytes = 1024 * 1024;

    readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, AllowAutoRedirect = false })
    {
        Timeout = AnswerTimeout,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    public FilePayments File { get; } = new();

    /// <summary>A provider by its name; null: it is not configured.</summary>
    public IPaymentProvider? Find(string name) => name == File.Name ? File
        : name == Service && configuration.Current.Billing.Stripe is { SecretKey.Value: { } key, WebhookSecret.Value: { } secret } stripe
            ? new StripePayments(_http, new StripeOptions(stripe.BaseUrl, key.Reveal(), secret.Reveal()), store, time)
        : null;

    public void Dispose() => _http.Dispose();
}
