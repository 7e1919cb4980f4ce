using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Portal;

/// <summary>Paying an invoice from its page, in a real browser, by a payment service that is a small real server.</summary>
public sealed class PaymentPageTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    readonly ConcurrentQueue<string> _asked = new();
    WebApplication _service = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _service = builder.Build();
        _service.MapPost("/v1/payment_intents", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _asked.Enqueue(await reader.ReadToEndAsync());
            await context.Response.WriteAsync("""{"id":"pi_1","status":"processing"}""");
        });
        await _service.StartAsync();
    }

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task An_invoice_is_paid_from_its_page_and_can_be_no_more_once_it_is()
    {
        var time = new Faults.JumpingTime();
        await using var house = await TestHouse.StartAsync($$"""
            {{ConsoleTests.Yaml}}
            billing: { stripe: { base_url: "{{_service.Urls.Single()}}", secret_key: { env: CLOUD_KEY }, webhook_secret: { env: CLOUD_KEY } } }
            """, time: time);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        var page = watched.Page;
        var invoice = await OweAsync(house, page, time);
        await page.GotoAsync(invoice.ToString());
        await Assertions.Expect(page.GetByText("unpaid", new() { Exact = true })).ToBeVisibleAsync();

        await page.SubmitAsync("Pay it", "**?asked=processing");

        await Assertions.Expect(page.GetByText("The payment service was asked to collect it.")).ToBeVisibleAsync();
        var number = invoice.Segments[^1];
        var asked = _asked.ShouldHaveSingleItem();
        asked.ShouldContain($"metadata%5Binvoice%5D={number}");
        await Assertions.Expect(page.GetByText("unpaid", new() { Exact = true })).ToBeVisibleAsync();

        await TellPaidAsync(house, number, long.Parse(asked.Split('&')[0].Split('=')[1], null), time.GetUtcNow().ToUnixTimeSeconds());
        await page.GotoAsync(invoice.ToString());

        await Assertions.Expect(page.GetByText("paid", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pay it" })).ToHaveCountAsync(0);
        watched.AssertWellBehaved();
    }

    [Fact]
    public async Task Without_a_payment_service_an_invoice_has_no_button()
    {
        var time = new Faults.JumpingTime();
        await using var house = await TestHouse.StartAsync(ConsoleTests.Yaml, time: time);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));

        await watched.Page.GotoAsync((await OweAsync(house, watched.Page, time)).ToString());

        await Assertions.Expect(watched.Page.GetByText("unpaid", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(watched.Page.GetByRole(AriaRole.Button, new() { Name = "Pay it" })).ToHaveCountAsync(0);
    }

    /// <summary>Somebody new who has called, signed in when the month is over; the address of their invoice's page.</summary>
    static async Task<Uri> OweAsync(TestHouse house, IPage page, Faults.JumpingTime time)
    {
        await ConsoleTests.SignUpAsync(page);
        await ConsoleTests.NewOrganisationAsync(page, "Acme");
        var home = new Uri(page.Url).AbsolutePath;
        await ConsoleTests.FillAsync(house, page);
        await house.DrainLedgerAsync();
        var now = time.GetUtcNow();
        time.SetClock(new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).AddDays(2) - now);
        using var operators = house.Client(TestHouse.AdminKey);
        using var issued = await operators.PostAsJsonAsync("/api/invoices/issue", new { month = $"{now:yyyy-MM}" });
        issued.EnsureSuccessStatusCode();
        var number = JsonNode.Parse(await issued.Content.ReadAsStringAsync())!["data"]!.AsArray()
            .Single(each => each!["organisation"]!.ToString() == home.Split('/')[^1])!["number"]!.ToString();
        await page.GotoAsync(new Uri(house.Address, $"/sign-in?return={Uri.EscapeDataString(home + "/invoices")}").ToString());
        await ConsoleTests.SignInAsync(page);
        return new Uri(house.Address, $"{home}/invoices/{number}");
    }

    /// <summary>The service says that it has collected so many cents, as it signs it.</summary>
    static async Task TellPaidAsync(TestHouse house, string number, long cents, long seconds)
    {
        var body = JsonSerializer.Serialize(new
        {
            type = "payment_intent.succeeded",
            created = seconds,
            data = new { @object = new { id = "pi_1", amount_received = cents, metadata = new { invoice = number } } },
        });
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(TestHouse.CloudKey), Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seconds}.{body}"))));
        using var client = new HttpClient { BaseAddress = house.Address };
        using var told = new HttpRequestMessage(HttpMethod.Post, "/api/payments/stripe")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        told.Headers.Add("Stripe-Signature", $"t={seconds},v1={signature}");
        using var answer = await client.SendAsync(told);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }
}
