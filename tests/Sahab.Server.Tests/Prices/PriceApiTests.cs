using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Contracts;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Prices;

/// <summary>The sample's prices, asked for on a day in 2026.</summary>
public sealed class PriceApiTests : IAsyncLifetime, IDisposable
{
    readonly Metering.TemporaryFolder _folder = new();
    RoomHost _host = null!;

    public async Task InitializeAsync()
    {
        var time = new FixedTime("2026-11-22");
        _host = await RoomHost.StartAsync(
            _folder.Path, time,
            new ConfigReader(ConfigText.Environment, time: time).Read(Path.Combine(ConfigText.Root, "samples/six-clouds/sahab.yaml")),
            services => services.AddPrices(), api => api.MapPrices());
        await PriceModule.PrepareAsync(_host.Get<IServiceProvider>(), CancellationToken.None);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task List_prices_are_public_with_what_is_announced()
    {
        var data = (await GetAsync("/api/prices"))["data"]!.AsArray();

        var small = data.Single(each => each!["model"]!.ToString() == "gpt-oss-20b")!;
        small["price"]!["tiers"]!["default"]!["prompt_usd"]!.ToString().ShouldBe("0.1");
        small["price"]!["tiers"]!["batch"]!["output_usd"]!.ToString().ShouldBe("0.2");
        small["price"]!["free_tokens"]!.GetValue<long>().ShouldBe(1_000_000);
        var announced = small["announced"]!.AsArray().ShouldHaveSingleItem()!;
        announced["from"]!.ToString().ShouldBe("2027-01-01T00:00:00Z");
        announced["tiers"]!["default"]!["output_usd"]!.ToString().ShouldBe("0.32");
        data.Single(each => each!["model"]!.ToString() == "gpt-oss-120b")!["price"]!["volume"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_organisation_is_shown_what_it_pays()
    {
        var data = (await GetAsync("/api/organisations/nordic/prices"))["data"]!.AsArray();

        var large = data.Single(each => each!["model"]!.ToString() == "gpt-oss-120b")!["price"]!;
        large["plan"]!.ToString().ShouldBe("agreement:nordic-2026/list:opening");
        large["tiers"]!["default"]!["prompt_usd"]!.ToString().ShouldBe("0.276");
    }

    [Theory]
    [InlineData("/api/prices?organisation=nordic", HttpStatusCode.Forbidden, "Only operators")]
    [InlineData("/api/prices?colour=red", HttpStatusCode.BadRequest, "Known: organisation")]
    public async Task A_question_that_may_not_be_asked_is_refused(string path, HttpStatusCode status, string explanation)
    {
        using var response = await _host.Client.GetAsync(new Uri(path, UriKind.Relative));

        response.StatusCode.ShouldBe(status);
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["detail"]!.ToString().ShouldContain(explanation);
    }

    async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _host.Client.GetStringAsync(new Uri(path, UriKind.Relative)))!;
}
