using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sahab.Ledger.Money;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Invoices;

namespace Sahab.Server.Tests.Invoices;

/// <summary>Both payment providers; the one by HTTP against a small real server.</summary>
public sealed class PaymentTests : IAsyncLifetime
{
    const string Secret = "whsec_made_up";

    static readonly OpenInvoice Invoice = new("INV-2026-000007", "acme & co", SampleUsage.Start, NanoUsd.FromUsd(12.34m));

    readonly List<(string Form, string Key, string Authorization)> _requests = [];
    readonly Queue<int> _answers = new();
    readonly HttpClient _http = new();
    readonly Metering.TemporaryFolder _folder = new();
    readonly Dictionary<string, string> _states = [];
    SahabDatabase _database = null!;
    WebApplication _app = null!;
    StripePayments _stripe = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/payment_intents", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            context.Request.ContentType.ShouldBe("application/x-www-form-urlencoded");
            _requests.Add((
                await reader.ReadToEndAsync(), context.Request.Headers["Idempotency-Key"].ToString(),
                context.Request.Headers.Authorization.ToString()));
            context.Response.StatusCode = _answers.TryDequeue(out var status) ? status : 200;
            var id = $"pi_{_states.Count + 1}";
            if (context.Response.StatusCode == 200)
            {
                _states[id] = "requires_payment_method";
            }

            await context.Response.WriteAsync(context.Response.StatusCode == 200
                ? $"{{\"id\":\"{id}\",\"status\":\"requires_payment_method\"}}" : """{"error":{"message":"No such luck"}}""");
        });
        _app.MapGet("/v1/payment_intents/{id}", (string id, HttpContext context) =>
        {
            context.Request.Headers.Authorization.ToString().ShouldBe("Bearer sk_made_up");
            return _states.TryGetValue(id, out var status)
                ? Results.Text($"{{\"id\":\"{id}\",\"status\":\"{status}\"}}") : Results.NotFound();
        });
        await _app.StartAsync();
        _database = new SqliteDatabase(_folder.File("sahab.db"));
        await _database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        _stripe = StripeAt(_http, _app.Urls.Single());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_invoice_is_asked_for_by_form_in_cents_and_again_under_the_same_key_where_the_service_fails()
    {
        _answers.Enqueue(503);
        _answers.Enqueue(429);

        var answer = JsonNode.Parse(await _stripe.CollectAsync([Invoice], CancellationToken.None))!;

        answer["data"]![0]!["payment"]!.ToString().ShouldBe("pi_1");
        _requests.Count.ShouldBe(3);
        _requests.Distinct().ShouldHaveSingleItem().ShouldBe((
            "amount=1234&currency=usd&description=Invoice+INV-2026-000007&metadata%5Binvoice%5D=INV-2026-000007"
            + "&metadata%5Borganisation%5D=acme+%26+co",
            "sahab-INV-2026-000007-1234", "Bearer sk_made_up"));
    }

    [Fact]
    public async Task What_it_refuses_of_one_invoice_is_said_of_that_one_and_the_others_are_asked_for()
    {
        _answers.Enqueue(402);

        var asked = await AskAsync(
            Invoice, Invoice with { Number = "INV-2026-000008", Open = new NanoUsd(9_999_999) },
            Invoice with { Number = "INV-2026-000009" });

        asked.Select(each => (each["number"]!.ToString(), each["payment"]?.ToString(), each["status"]?.ToString())).ShouldBe(
        [
            ("INV-2026-000007", null, null), ("INV-2026-000008", null, null),
            ("INV-2026-000009", "pi_1", "requires_payment_method"),
        ]);
        asked.Select(each => each["error"]?.ToString()).ShouldBe(
        [
            "The payment service answered 402: No such luck", "Less than a cent of it is open, which nobody collects.", null,
        ]);
        _requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(401, 1)]
    [InlineData(403, 1)]
    [InlineData(429, StripePayments.MaxTries)]
    [InlineData(500, StripePayments.MaxTries)]
    public async Task What_it_refuses_whoever_asks_ends_it_and_what_fails_is_tried_four_times_at_most(int status, int tries)
    {
        Enumerable.Repeat(status, 9).ToList().ForEach(_answers.Enqueue);
        (await Should.ThrowAsync<PaymentException>(_stripe.CollectAsync([Invoice, Invoice], CancellationToken.None)))
            .Message.ShouldBe($"The payment service answered {status}: No such luck");
        _requests.Count.ShouldBe(tries);
    }

    [Fact]
    public async Task What_was_asked_for_is_asked_about_and_not_asked_for_again_until_it_is_cancelled()
    {
        await AskAsync(Invoice);
        _states["pi_1"] = "succeeded";

        // Another node, or after a restart: the store knows.
        _stripe = StripeAt(_http, _app.Urls.Single());
        (await AskAsync(Invoice))[0].ToJsonString()
            .ShouldBe("""{"number":"INV-2026-000007","payment":"pi_1","status":"succeeded","error":null}""");
        _requests.Count.ShouldBe(1);

        _states["pi_1"] = "canceled";
        (await AskAsync(Invoice))[0]["payment"]!.ToString().ShouldBe("pi_2");
        (await AskAsync(Invoice))[0]["payment"]!.ToString().ShouldBe("pi_2");
        _requests.Select(request => request.Key).ShouldBe(["sahab-INV-2026-000007-1234", "sahab-INV-2026-000007-1234-after-pi_1"]);
        _states.Remove("pi_2");
        (await AskAsync(Invoice))[0]["error"].ShouldBeNull();
        _requests[^1].Key.ShouldBe("sahab-INV-2026-000007-1234-after-pi_2");
    }

    [Fact]
    public async Task What_is_open_again_after_a_refund_is_asked_for_under_another_key()
    {
        await _stripe.CollectAsync([Invoice, Invoice with { Payments = 2 }], CancellationToken.None);

        _requests.Select(request => request.Key).ShouldBe(["sahab-INV-2026-000007-1234", "sahab-INV-2026-000007-1234-2"]);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_in_time_is_asked_again_and_a_caller_who_goes_is_not()
    {
        using var late = new LateOnce();
        using var http = new HttpClient(late);
        var stripe = StripeAt(http, "http://127.0.0.1:1");

        var answer = JsonNode.Parse(await stripe.CollectAsync([Invoice with { Payments = 9 }], CancellationToken.None))!;

        answer["data"]![0]!["payment"]!.ToString().ShouldBe("pi_1");
        late.Asked.ShouldBe(2);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(stripe.CollectAsync([Invoice], gone.Token));
        late.Asked.ShouldBe(2);
    }

    [Fact]
    public void A_signed_message_says_what_was_paid_and_any_other_is_refused()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var body = "{\"type\":\"payment_intent.succeeded\",\"created\":1790000000,\"data\":{\"object\":{\"id\":\"pi_1\","
            + "\"amount_received\":1234,\"metadata\":{\"invoice\":\"INV-2026-000007\"}}}}";

        _stripe.Read(body, $"t={now},v1={new string('0', 64)},v1={Sign(now, body)}").ShouldHaveSingleItem()
            .ShouldBe(new ProviderPayment(
                "pi_1", "INV-2026-000007", NanoUsd.FromUsd(12.34m), DateTimeOffset.FromUnixTimeSeconds(1_790_000_000)));
        _stripe.Read("{\"type\":\"charge.failed\"}", $"t={now},v1={Sign(now, "{\"type\":\"charge.failed\"}")}").ShouldBeEmpty();
        foreach (var signature in (string?[])
            [null, "", $"t={now}", $"t={now},v1={Sign(now, body + " ")}", $"t={now - 1},v1={Sign(now, body)}",
                $"t={now - 600},v1={Sign(now - 600, body)}", $"v1={Sign(now, body)}"])
        {
            Should.Throw<PaymentException>(() => _stripe.Read(body, signature));
        }
    }

    [Fact]
    public void A_file_of_payments_is_read_whole_or_not_at_all()
    {
        var file = new FilePayments();

        file.Read("number,amount_usd,reference,paid_at\r\nINV-2026-000001,12.50,bank 7,2026-12-03\r\n", null)
            .ShouldHaveSingleItem().Amount.ShouldBe(NanoUsd.FromUsd(12.5m));
        foreach (var wrong in (string[])
            ["", "number,amount\n", "number,amount_usd,reference,paid_at\nINV-1,0,x,2026-12-03",
                "number,amount_usd,reference,paid_at\nINV-1,1,,2026-12-03", "number,amount_usd,reference,paid_at\nINV-1,1,x,soon"])
        {
            Should.Throw<PaymentException>(() => file.Read(wrong, null));
        }
    }

    /// <summary>A service whose first answer does not come in time, which a client sees as its own cancellation.</summary>
    sealed class LateOnce : HttpMessageHandler
    {
        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ++Asked == 1
                ? throw new TaskCanceledException("Too late.", new TimeoutException())
                : Task.FromResult(new HttpResponseMessage { Content = new StringContent("""{"id":"pi_1"}""") });
        }
    }

    StripePayments StripeAt(HttpClient http, string url) =>
        new(http, new StripeOptions(url, "sk_made_up", Secret), new InvoiceStore(_database), TimeProvider.System);

    async Task<List<JsonNode>> AskAsync(params OpenInvoice[] invoices) =>
        [.. JsonNode.Parse(await _stripe.CollectAsync(invoices, CancellationToken.None))!["data"]!.AsArray().Select(each => each!)];

    static string Sign(long seconds, string body) => Convert.ToHexStringLower(HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seconds}.{body}"))));
}
