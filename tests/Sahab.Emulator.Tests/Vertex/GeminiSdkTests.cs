using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Tests.Vertex;

/// <summary>The official Google client, unmodified, is the judge of the emulated Google.</summary>
public class GeminiSdkTests
{
    [Fact]
    public async Task The_official_client_finds_what_it_knows()
    {
        using var platform = RSA.Create(2048);
        using var stranger = RSA.Create(2048);
        var folder = Directory.CreateTempSubdirectory("sahab-google-");
        try
        {
            var (subject, wrong) = (Path.Combine(folder.FullName, "subject"), Path.Combine(folder.FullName, "wrong"));
            await File.WriteAllTextAsync(subject, Signed(platform));
            await File.WriteAllTextAsync(wrong, Signed(stranger));
            await using var clouds = await StartAsync(platform);
            await SdkScript.RunAsync(
                "google.mjs",
                new Dictionary<string, string>
                {
                    ["CLOUD_URL"] = clouds.CloudAddress("google").ToString().TrimEnd('/'),
                    ["SUBJECT_FILE"] = subject,
                    ["WRONG_SUBJECT_FILE"] = wrong,
                },
                "express_whole", "express_streamed", "gemini_api_whole", "gemini_api_streamed", "workload_whole",
                "workload_streamed", "tools", "tools_streamed", "a_signature_is_wanted_back", "thoughts", "schema",
                "candidates_and_logprobs", "count_tokens", "embed_predict", "embed_content", "embed_gemini_api", "exhausted",
                "an_error_in_the_middle", "blocked", "wrong_key", "wrong_subject", "unknown_model", "unknown_member", "pools",
                "openai_compatible");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_token_is_good_until_it_ends_and_only_whom_the_cloud_knows_gets_one()
    {
        using var platform = RSA.Create(2048);
        using var stranger = RSA.Create(2048);
        await using var clouds = await StartAsync(platform);
        (await SignInAsync(clouds, Assertion(stranger))).ShouldBeNull();
        (await SignInAsync(clouds, Assertion(platform, audience: "https://elsewhere.example"))).ShouldBeNull();
        (await SignInAsync(clouds, Assertion(platform, lifeSeconds: 7200))).ShouldBeNull();
        (await SignInAsync(clouds, Assertion(platform, account: "nobody"))).ShouldBeNull();

        var token = (await SignInAsync(clouds, Assertion(platform))).ShouldNotBeNull();
        (await GenerateAsync(clouds, token)).ShouldBe(200);
        (await GenerateAsync(clouds, token + "x")).ShouldBe(401);
        clouds.EndTokens("google");
        (await GenerateAsync(clouds, token)).ShouldBe(401);
        clouds.AcceptKey("google", "demo", accepts: false);
        (await SignInAsync(clouds, Assertion(platform))).ShouldBeNull();
    }

    static Task<EmulatorHost> StartAsync(RSA platform)
    {
        var config = Clouds.Config();
        var chat = config.Models[Clouds.Model];
        foreach (var model in (string[])["full", "inside", "bought", "gemini-3-pro"])
        {
            config.Models[model] = chat;
        }
        config.Models["gemini-embedding-2"] = config.Models[Clouds.Embedder];
        config.Clouds["google"] = config.Clouds["google"] with
        {
            FederatedKey = platform.ExportSubjectPublicKeyInfoPem(),
            Models = config.Models.Keys.ToDictionary(
                model => model,
                model => new CloudModelConfig { Provisioned = model == "bought" ? new() : null }),
        };
        return StartAsync(config);
    }

    static async Task<EmulatorHost> StartAsync(EmulatorConfig config)
    {
        var clouds = await EmulatorHost.StartAsync(config);
        await clouds.AddFaultAsync(new FaultSpec { Cloud = "google", Model = "full", Kind = FaultKind.Throttle });
        await clouds.AddFaultAsync(
            new FaultSpec { Cloud = "google", Model = "inside", Kind = FaultKind.ErrorIn200, AfterTokens = 3 });
        return clouds;
    }

    static async Task<string?> SignInAsync(EmulatorHost clouds, string assertion)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
            ["assertion"] = assertion,
        });
        using var answer = await http.PostAsync(new Uri(clouds.CloudAddress("google"), "token"), form);
        var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        if (!answer.IsSuccessStatusCode)
        {
            told.GetProperty("error").GetString().ShouldBe("invalid_grant");
            return null;
        }
        told.GetProperty("expires_in").GetInt32().ShouldBe(3600);
        return told.GetProperty("access_token").GetString();
    }

    static async Task<int> GenerateAsync(EmulatorHost clouds, string token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(
            clouds.CloudAddress("google"), "v1/projects/p/locations/north/publishers/google/models/chat:generateContent"))
        {
            Content = new StringContent("""{"contents":[{"parts":[{"text":"x"}]}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Authorization", $"Bearer {token}");
        using var answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    static string Signed(RSA key) => Sign(key, new
    {
        sub = "demo",
        exp = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
    });

    static string Assertion(
        RSA key, string audience = "https://oauth2.googleapis.com/token", int lifeSeconds = 3600, string account = "demo")
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return Sign(key, new
        {
            iss = $"{account}@demo-project.iam.gserviceaccount.com",
            scope = "https://www.googleapis.com/auth/cloud-platform",
            aud = audience,
            iat = now,
            exp = now + lifeSeconds,
        });
    }

    static string Sign(RSA key, object claims)
    {
        var head = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8);
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims));
        var signature = key.SignData(
            Encoding.ASCII.GetBytes($"{head}.{payload}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{payload}.{Base64Url.EncodeToString(signature)}";
    }
}
