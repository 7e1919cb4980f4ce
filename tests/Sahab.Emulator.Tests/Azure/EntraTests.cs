using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sahab.Emulator.Tests.Azure;

public class EntraTests
{
    [Fact]
    public async Task A_workload_s_token_is_taken_for_a_secret_only_if_its_platform_signed_it_for_Entra()
    {
        using var platform = RSA.Create(2048);
        using var stranger = RSA.Create(2048);
        var config = Clouds.Config();
        config.Clouds["azure"] = config.Clouds["azure"] with { FederatedKey = platform.ExportSubjectPublicKeyInfoPem() };
        await using var clouds = await EmulatorHost.StartAsync(config);
        var later = TimeProvider.System.GetUtcNow().AddHours(1);

        (await SignInAsync(clouds, Assertion(platform, later))).Error.ShouldBeNull();
        (await SignInAsync(clouds, Assertion(stranger, later))).Error.ShouldStartWith("AADSTS700027");
        (await SignInAsync(clouds, Assertion(platform, later.AddHours(-2)))).Error.ShouldStartWith("AADSTS700024");
        (await SignInAsync(clouds, Assertion(platform, later, "somebody else"))).Error.ShouldStartWith("AADSTS700212");
        (await SignInAsync(clouds, "no token")).Error.ShouldStartWith("AADSTS700213");
    }

    [Fact]
    public async Task A_token_is_good_until_it_ends_and_a_revoked_secret_gets_no_other()
    {
        await using var clouds = await EmulatorHost.StartAsync(Clouds.Config());
        var token = (await SignInAsync(clouds)).Token.ShouldNotBeNull();
        (await ListModelsAsync(clouds, token)).ShouldBe(200);

        clouds.AcceptKey("azure", "demo", accepts: false);
        (await ListModelsAsync(clouds, token)).ShouldBe(200);
        clouds.EndTokens("azure");
        (await ListModelsAsync(clouds, token)).ShouldBe(401);
        (await SignInAsync(clouds)).Error.ShouldStartWith("AADSTS7000215");

        clouds.AcceptKey("azure", "demo", accepts: true);
        (await ListModelsAsync(clouds, (await SignInAsync(clouds)).Token!)).ShouldBe(200);
        clouds.IssuedTokens("azure").ShouldBe(2);
    }

    static async Task<int> ListModelsAsync(EmulatorHost clouds, string token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(clouds.CloudAddress("azure"), "north/openai/v1/models"));
        request.Headers.Add("Authorization", $"Bearer {token}");
        using var answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    static async Task<(string? Token, string? Error)> SignInAsync(EmulatorHost clouds, string? assertion = null)
    {
        using var http = new HttpClient();
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = "demo",
            ["scope"] = "https://ai.azure.com/.default",
            [assertion is null ? "client_secret" : "client_assertion"] = assertion ?? "secret",
        };
        if (assertion is not null)
        {
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        }
        using var body = new FormUrlEncodedContent(form);
        using var answer = await http.PostAsync(new Uri(clouds.CloudAddress("azure"), "contoso/oauth2/v2.0/token"), body);
        var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        return answer.IsSuccessStatusCode
            ? (told.GetProperty("access_token").GetString(), null)
            : (null, told.GetProperty("error_description").GetString());
    }

    static string Assertion(RSA platform, DateTimeOffset until, string audience = "api://AzureADTokenExchange")
    {
        var head = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8);
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
            new { aud = audience, sub = "system:serviceaccount:ml:sahab", exp = until.ToUnixTimeSeconds() }));
        var signature = platform.SignData(
            Encoding.ASCII.GetBytes($"{head}.{payload}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{payload}.{Base64Url.EncodeToString(signature)}";
    }
}
