using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Invoices;

/// <summary>How to reach a service that speaks Stripe's protocol.</summary>
/// <param name="BaseUrl">Without a slash at its end.</param>
/// <param name="SecretKey">Sent as a bearer token.</param>
/// <param name="WebhookSecret">What its messages are signed with.</param>
internal sealed record StripeOptions(string BaseUrl, string SecretKey, string WebhookSecret);

/// <summary>
/// Payment by a service that speaks Stripe's protocol: a payment intent for each invoice, asked for by form with an
/// idempotency key and remembered, as the service forgets such keys; and signed messages about what was paid.
/// </summary>
internal sealed class StripePayments(HttpClient http, StripeOptions options, InvoiceStore store, TimeProvider time)
    : IPaymentProvider
{
    /// <summary>How often a request is sent at most.</summary>
    public const int MaxTries = 4;

    const long NanoPerCent = NanoUsd.PerUsd / 100;

    /// <summary>How old a message may be, and how far ahead of our clock.</summary>
    static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    public string Name => "stripe";

    public async Task<byte[]> CollectAsync(IReadOnlyList<OpenInvoice> invoices, CancellationToken cancellation)
    {
        var asked = new List<CollectedAnswer>();
        foreach (var invoice in invoices)
        {
            asked.Add(await CollectAsync(invoice, cancellation));
        }

        return JsonSerializer.SerializeToUtf8Bytes(Listing<CollectedAnswer>.Whole(asked), ControlJson.Options);
    }

    /// <summary>
    /// Asks for the payment of one invoice. A payment that was asked for as the invoice stood then is asked about instead,
    /// unless it was cancelled, or the service does not know it.
    /// </summary>
    async Task<CollectedAnswer> CollectAsync(OpenInvoice invoice, CancellationToken cancellation)
    {
        // Invoices and credit notes are whole cents; what a payment left open may be less than one.
        var cents = invoice.Open.Value / NanoPerCent;
        if (cents == 0)
        {
            return new CollectedAnswer(invoice.Number, null, null, "Less than a cent of it is open, which nobody collects.");
        }

        var standing = StandingOf(invoice, cents);
        var known = await store.AskedPaymentAsync(standing, cancellation);
        if (known is not null)
        {
            var state = await SendAsync(HttpMethod.Get, $"/{Uri.EscapeDataString(known)}", null, null, cancellation);
            if (state.Status != HttpStatusCode.NotFound && state.Text("status") != "canceled")
            {
                return state.ToCollected(invoice.Number);
            }
        }

        var form = new KeyValuePair<string, string>[]
        {
            new("amount", cents.ToString(CultureInfo.InvariantCulture)),
            new("currency", "usd"),
            new("description", $"Invoice {invoice.Number}"),
            new("metadata[invoice]", invoice.Number),
            new("metadata[organisation]", invoice.Organisation),
        };
        var answer = await SendAsync(
            HttpMethod.Post, "", form, known is null ? standing : $"{standing}-after-{known}", cancellation);
        if (answer.Error is null && answer.Text("id") is { } payment)
        {
            await store.RememberPaymentAsync(standing, invoice.Number, payment, time.GetUtcNow(), cancellation);
        }

        return answer.ToCollected(invoice.Number);
    }

    /// <summary>
    /// The same for one standing of an invoice, and never for two: the amount falls with each credit note, and each payment
    /// and refund is counted. So what was paid, refunded and is asked for again is not taken for what was paid.
    /// </summary>
    static string StandingOf(OpenInvoice invoice, long cents) => string.Create(
        CultureInfo.InvariantCulture,
        $"sahab-{invoice.Number}-{cents}{(invoice.Payments == 0 ? "" : $"-{invoice.Payments}")}");

    public IReadOnlyList<ProviderPayment> Read(string body, string? signature)
    {
        Verify(body, signature);
        try
        {
            var message = JsonNode.Parse(body)!;
            if (message["type"]!.ToString() != "payment_intent.succeeded")
            {
                return [];
            }

            var intent = message["data"]!["object"]!;
            return intent["metadata"]?["invoice"]?.ToString() is not { } number ? [] :
            [
                new ProviderPayment(
                    intent["id"]!.ToString(), number,
                    new NanoUsd(checked(intent["amount_received"]!.GetValue<long>() * NanoPerCent)),
                    DateTimeOffset.FromUnixTimeSeconds(message["created"]!.GetValue<long>())),
            ];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or NullReferenceException
            or FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new PaymentException("The message is signed and yet not as Stripe's are.", fault);
        }
    }

    /// <summary>The signature is <c>t=SECONDS,v1=HEX</c>, perhaps several: HMAC-SHA256 of the time, a dot and the body.</summary>
    void Verify(string body, string? signature)
    {
        var parts = (signature ?? "").Split(',').Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToList();
        if (!long.TryParse(
                parts.Find(part => part[0] == "t")?[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > 253_402_300_799)
        {
            throw new PaymentException("The message has no signature.");
        }

        if ((time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Tolerance)
        {
            throw new PaymentException("The message was signed too long ago.");
        }

        var expected = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(options.WebhookSecret),
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds}.{body}")));
        var isSigned = false;
        foreach (var part in parts.Where(part => part[0] == "v1" && part[1].Length == expected.Length * 2))
        {
            isSigned |= CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(part[1]), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(expected)));
        }

        if (!isSigned)
        {
            throw new PaymentException("The message is not signed with the secret of this webhook.");
        }
    }

    /// <summary>
    /// Sent again, under the same idempotency key, where the service was not reached or is not able now. What it refuses of
    /// this one payment is answered; what it refuses of all is thrown.
    /// </summary>
    async Task<ServiceAnswer> SendAsync(
        HttpMethod method, string path, KeyValuePair<string, string>[]? form, string? idempotencyKey,
        CancellationToken cancellation)
    {
        var pause = FirstPause;
        for (var left = MaxTries; ; left--)
        {
            try
            {
                using var request = new HttpRequestMessage(method, $"{options.BaseUrl}/v1/payment_intents{path}");
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.SecretKey);
                if (form is not null)
                {
                    request.Headers.Add("Idempotency-Key", idempotencyKey);
                    request.Content = new FormUrlEncodedContent(form);
                }

                using var response = await http.SendAsync(request, cancellation);
                var answer = Parse(await response.Content.ReadAsStringAsync(cancellation));
                var status = response.StatusCode;
                if (response.IsSuccessStatusCode && answer is not null)
                {
                    return new ServiceAnswer(status, answer, null);
                }

                if (left == 1 || !(status is HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict || (int)status >= 500))
                {
                    var why = $"The payment service answered {(int)status}: "
                        + ((answer?["error"] as JsonObject)?["message"]?.ToString() ?? "no message");
                    return (int)status is >= 400 and < 500 && status is not (HttpStatusCode.Unauthorized
                        or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests)
                        ? new ServiceAnswer(status, null, why) : throw new PaymentException(why);
                }
            }
            catch (Exception fault) when (fault is HttpRequestException
                || (fault is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                // Not reached, or not in time. Tried again below.
                if (left == 1)
                {
                    throw new PaymentException($"The payment service cannot be reached: {fault.Message}", fault);
                }
            }

            await Task.Delay(pause, time, cancellation);
            pause *= 2;
        }
    }

    static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What the service says of one payment.</summary>
    /// <param name="Error">Why it refuses it; null: it does not.</param>
    readonly record struct ServiceAnswer(HttpStatusCode Status, JsonObject? Content, string? Error)
    {
        public string? Text(string name) => Content?[name]?.ToString();

        public CollectedAnswer ToCollected(string number) => new(number, Text("id"), Text("status"), Error);
    }
}
