using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Contracts;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Sales;

/// <summary>Where the key of receipts comes from, and what becomes of receipts when it changes.</summary>
public sealed class ReceiptKeyTests : IDisposable
{
    readonly Metering.TemporaryFolder _folder = new();
    int _posted;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Receipts_of_all_keys_verify_wherever_the_keys_came_from()
    {
        var first = NewKey();
        var (own, _) = await SellAsync(key: null);
        var file = _folder.File(ReceiptSigner.FileName);
        File.Exists(file).ShouldBeTrue();
        File.Delete(file);

        var (given, _) = await SellAsync(first);
        var (other, receipts) = await SellAsync(NewKey());

        given.ShouldBe(IdOf(first));
        new[] { own, given, other }.ShouldBeUnique();
        File.Exists(file).ShouldBeFalse();
        receipts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!["key_id"]!.ToString())
            .Distinct().ShouldBe([own, given, other]);
        await File.WriteAllTextAsync(_folder.File("receipts"), receipts);
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        (await ReceiptCommand.Create(console, _ => null).Parse(["verify", _folder.File("receipts"), "--key", _folder.File("keys")]).InvokeAsync())
            .ShouldBe(0, output.ToString());
    }

    [Theory]
    [InlineData("no key at all")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWNhbmFyeQ==\n-----END PRIVATE KEY-----")]
    [InlineData("public")]
    [InlineData("P-384")]
    public void A_key_that_cannot_sign_is_refused_and_not_repeated(string kind)
    {
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var right = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = kind switch
        {
            "public" => right.ExportSubjectPublicKeyInfoPem(),
            "P-384" => large.ExportPkcs8PrivateKeyPem(),
            _ => kind,
        };

        var refused = Should.Throw<CryptographicException>(() => ReceiptSigner.Open(new Secret(pem), _folder.Path));

        refused.Message.ShouldContain("billing.receipt_key");
        refused.ToString().ShouldNotContain(pem.Split('\n')[pem.Contains('\n', StringComparison.Ordinal) ? 1 : 0]);
        Directory.EnumerateFiles(_folder.Path).ShouldBeEmpty();
    }

    /// <summary>Starts over the same store with a key, sells a call, and returns the key's id and all receipts.</summary>
    async Task<(string Current, string Receipts)> SellAsync(string? key)
    {
        var time = new FixedTime("2026-12-02");
        var yaml = await File.ReadAllTextAsync(Path.Combine(ConfigText.Root, "samples/six-clouds/sahab.yaml"));
        var written = key is null ? yaml
            : yaml + "\nbilling: { receipt_key: { env: RECEIPT_KEY } }\n";
        await using var host = await RoomHost.StartAsync(
            _folder.Path, time,
            new ConfigReader(name => name == "RECEIPT_KEY" ? key : ConfigText.Environment(name), time: time)
                .ReadText(written, "sahab.yaml"),
            services => services.AddPrices().AddReceipts(_folder.Path).AddSingleton<AccessJudge>(), api => api.MapReceipts());
        await PriceModule.PrepareAsync(host.Get<IServiceProvider>(), CancellationToken.None);
        await ReceiptModule.PrepareAsync(host.Get<IServiceProvider>(), CancellationToken.None);
        await host.Get<UsageStore>().PostAsync(
            SampleUsage.Id(9, 1), ++_posted,
            [SampleUsage.Make(_posted) with
            {
                Tenant = "nordic", Key = "nordic", Model = "gpt-oss-120b", Outcome = Ledger.Rating.AttemptOutcome.Succeeded,
                StartedAt = Sahab.Tests.Ledger.Sales.Prices.Day("2026-11-10").AddHours(_posted),
            }],
            CancellationToken.None);
        var keys = await host.Client.GetStringAsync(new Uri("/api/receipts/key", UriKind.Relative));
        await File.WriteAllTextAsync(_folder.File("keys"), keys);
        return (JsonNode.Parse(keys)!["current"]!.ToString(),
            await host.Client.GetStringAsync(new Uri("/api/organisations/nordic/receipts", UriKind.Relative)));
    }

    static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    static string IdOf(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return ReceiptKey.IdOf(key);
    }
}
