using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>Signing in to Azure with Microsoft Entra ID.</summary>
public class EntraTests
{
    const string Ask = """{"model":"small","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}""";

    const string BySecret = """
        azure: { entra: { tenant: contoso, client: sahab, client_secret: { env: CLOUD_KEY }, authority: "{azure}" } }
        """;

    [Fact]
    public async Task Many_calls_at_once_sign_in_once()
    {
        await using var house = await AzureHouse.StartAsync(BySecret);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => house.ChatAsync(Ask)));
        answers.ShouldAllBe(answer => answer.Status == 200 && answer.Deployment == "azure-small");
        house.Clouds.IssuedTokens("azure").ShouldBe(1);
    }

    [Fact]
    public async Task Tokens_that_end_under_load_fail_no_call()
    {
        // A token is not sent in its last ten seconds, so that each of these serves for two.
        await using var house = await AzureHouse.StartAsync(BySecret, tokenSeconds: 12);
        var wanted = 1;
        for (var round = 0; round < 4; round++)
        {
            while (house.Clouds.IssuedTokens("azure") < wanted)
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => house.ChatAsync(Ask)));
                answers.ShouldAllBe(answer => answer.Status == 200);
            }

            // Every other time the token ends before its time, as when an operator ends all sessions.
            wanted = house.Clouds.IssuedTokens("azure") + 1;
            if (round % 2 == 0)
            {
                house.Clouds.EndTokens("azure");
            }
        }

        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task A_revoked_secret_takes_the_deployment_out_and_no_client_hears_of_it()
    {
        await using var house = await AzureHouse.StartAsync(BySecret);
        (await house.ChatAsync(Ask)).Deployment.ShouldBe("azure-small");
        house.Clouds.AcceptKey("azure", "sahab", accepts: false);
        house.Clouds.EndTokens("azure");

        for (var call = 0; call < 3; call++)
        {
            var answer = await house.ChatAsync(Ask);
            (answer.Status, answer.Deployment).ShouldBe((200, "own-small"));
        }

        var reasons = (await house.CallsAsync()).SelectMany(call => call.AttemptReasons?.Values ?? []).ToList();
        // Once, for then it is out.
        var reason = reasons.ShouldHaveSingleItem();
        reason.ShouldContain("Invalid client secret");
        reason.ShouldNotContain(TestHouse.CloudKey);
    }

    [Fact]
    public async Task A_workload_signs_in_with_the_token_of_its_platform()
    {
        using var platform = RSA.Create(2048);
        using var folder = new TemporaryFolder();
        var file = folder.PathOf("token");
        await File.WriteAllTextAsync(file, Assertion(platform));
        await using var house = await AzureHouse.StartAsync(
            $$"""azure: { entra: { tenant: contoso, client: sahab, federated_token_file: "{{file}}", authority: "{azure}" } }""",
            federatedKey: platform.ExportSubjectPublicKeyInfoPem());
        (await house.ChatAsync(Ask)).Deployment.ShouldBe("azure-small");

        // It is read anew for the next token, and told by its name when it is gone.
        File.Delete(file);
        house.Clouds.EndTokens("azure");
        (await house.ChatAsync(Ask)).Deployment.ShouldBe("own-small");
        (await house.CallsAsync())[0].AttemptReasons!.Values.ShouldHaveSingleItem().ShouldContain(file);
    }

    [Fact]
    public async Task A_machine_signs_in_as_its_managed_identity()
    {
        TestHouse? house = null;
        await using var machine = await ScriptedUpstream.StartAsync(async (request, http) =>
        {
            request.Headers["X-IDENTITY-HEADER"].ToString().ShouldBe("machine");
            http.Response.ContentType = "application/json";
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(
                http.Response, await TokenOfAsync(house!));
        });
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", machine.BaseUrl);
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", "machine");
        try
        {
            await using var started = house = await AzureHouse.StartAsync(
                "azure: { entra: { managed_identity: true, client: sahab } }");
            (await house.ChatAsync(Ask)).Deployment.ShouldBe("azure-small");
            machine.Received.ShouldHaveSingleItem();
        }
        finally
        {
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
        }
    }

    [Theory]
    [InlineData("azure: { entra: { tenant: t, client: c } }", "it does not say how to sign in")]
    [InlineData("azure: { entra: { managed_identity: true, federated_token_file: f, tenant: t, client: c } }", "more than one way")]
    [InlineData("azure: { entra: { federated_token_file: f, tenant: t } }", "by its tenant and its client id")]
    [InlineData("azure: { entra: { managed_identity: true, authority: \"http://login.example\" } }", "in clear")]
    [InlineData("azure: { api_version: 2024-06-01 }", "tell no usage")]
    [InlineData("azure: { entra: { managed_identity: true } }\n    credentials: { env: AZURE_API_KEY }", "an API key too")]
    public void A_configuration_that_cannot_work_is_refused(string settings, string reason)
    {
        var yaml = ConfigText.Small.Replace(
            "credentials: { env: AZURE_API_KEY }", $"dialect: azure\n    {settings}", StringComparison.Ordinal);
        ConfigText.Read(yaml).Errors.ShouldContain(problem => problem.Message.Contains(reason, StringComparison.Ordinal));
    }

    static string Assertion(RSA platform)
    {
        var head = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8);
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new
        {
            aud = "api://AzureADTokenExchange",
            sub = "system:serviceaccount:ml:sahab",
            exp = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
        }));
        var signature = platform.SignData(
            Encoding.ASCII.GetBytes($"{head}.{payload}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{payload}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>What App Service answers: a token, here of the emulated Entra ID, and when it ends.</summary>
    static async Task<string> TokenOfAsync(TestHouse house)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = "sahab",
            ["client_secret"] = TestHouse.CloudKey,
            ["scope"] = "https://cognitiveservices.azure.com/.default",
        });
        using var answer = await http.PostAsync(
            new Uri(house.Clouds.CloudAddress("azure"), "contoso/oauth2/v2.0/token"), form);
        using var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return JsonSerializer.Serialize(new
        {
            access_token = told.RootElement.GetProperty("access_token").GetString(),
            expires_on = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
            resource = "https://cognitiveservices.azure.com",
            token_type = "Bearer",
        });
    }
}
