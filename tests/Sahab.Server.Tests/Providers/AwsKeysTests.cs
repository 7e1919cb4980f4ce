using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Sahab.Server.Serve.Providers.Bedrock;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>Signing for AWS, and the keys for it.</summary>
public class AwsKeysTests
{
    const string Ask = """{"model":"small","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}""";

    [Fact]
    public async Task The_known_request_gets_the_known_signature()
    {
        var credential = new SigV4Credential(
            AwsKeys.Of("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null), "us-east-1", "bedrock",
            At(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero)));
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse-stream")
        {
            Content = Json("""{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"""),
        };
        await credential.ApplyAsync(request, CancellationToken.None);
        request.Headers.NonValidated["Authorization"].ToString().ShouldBe(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/bedrock/aws4_request, "
            + "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, "
            + "Signature=13734056ab94852af627f66b3b7b002958c408d3bd88d56ae4c0b99916ff0de6");
    }

    [Fact]
    public async Task Whatever_is_signed_is_verified_and_whatever_is_changed_is_not()
    {
        await using var house = await BedrockHouse.StartAsync();
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        var random = new Random(2026);
        var credential = new SigV4Credential(
            AwsKeys.Of(TestHouse.CloudKeyId, TestHouse.CloudKey, null), "eu-north-1", "bedrock", TimeProvider.System);
        for (var round = 0; round < 200; round++)
        {
            var isHttp2 = round % 2 == 1;
            var cloud = isHttp2 ? house.Clouds.CloudHttp2Address("aws")! : house.Clouds.CloudAddress("aws");
            var path = $"model/{Uri.EscapeDataString(Text(random, 1, 40))}/converse";
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(cloud, path))
            {
                Content = Json($$"""{"messages":{{System.Text.Json.JsonSerializer.Serialize(Text(random, 0, 500))}} }"""),
                Version = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            await credential.ApplyAsync(request, CancellationToken.None);
            var isChanged = round % 5 == 0;
            if (isChanged)
            {
                Change(request, round / 5 % 3, cloud, path);
            }

            using var answer = await http.SendAsync(request, CancellationToken.None);
            // No such model is there: who gets to hear that was let in.
            answer.StatusCode.ShouldBe(isChanged ? HttpStatusCode.Forbidden : HttpStatusCode.BadRequest, path);
        }
    }

    [Fact]
    public async Task A_wrong_secret_takes_the_deployment_out_and_no_client_hears_of_it()
    {
        await using var house = await BedrockHouse.StartAsync(
            "bedrock: { access_key_id: { env: CLOUD_KEY_ID }, secret_access_key: { env: WRONG_KEY } }");
        for (var call = 0; call < 3; call++)
        {
            var answer = await house.ChatAsync(Ask);
            (answer.Status, answer.Deployment).ShouldBe((200, "own-small"));
        }

        // Once, for then it is out.
        (await house.CallsAsync()).SelectMany(call => call.AttemptReasons?.Values ?? [])
            .ShouldHaveSingleItem().ShouldContain("credentials");
    }

    [Fact]
    public async Task A_container_s_keys_are_fetched_once_and_anew_before_they_end()
    {
        // They are not sent in their last ten seconds, so that each of them serves for two.
        await using var house = await InContainerAsync(tokenSeconds: 12);
        var wanted = 1;
        for (var round = 0; round < 4; round++)
        {
            while (house.Clouds.IssuedTokens("aws") < wanted)
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => house.ChatAsync(Ask)));
                answers.ShouldAllBe(answer => answer.Status == 200 && answer.Deployment == "aws-small");
            }

            // Every other time they end before their time, as when a role's sessions are revoked.
            wanted = house.Clouds.IssuedTokens("aws") + 1;
            if (round % 2 == 0)
            {
                house.Clouds.EndTokens("aws");
            }
        }

        (await Books.CloseAsync(house)).ShouldAgree();
    }

    [Fact]
    public async Task A_container_without_keys_takes_the_deployment_out_and_no_client_hears_of_it()
    {
        await using var house = await InContainerAsync(tokenSeconds: 3600);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => house.ChatAsync(Ask)));
        answers.ShouldAllBe(answer => answer.Status == 200 && answer.Deployment == "aws-small");
        house.Clouds.IssuedTokens("aws").ShouldBe(1);

        house.Clouds.AcceptKey("aws", TestHouse.CloudKeyId, accepts: false);
        house.Clouds.EndTokens("aws");
        var answer = await house.ChatAsync(Ask);
        (answer.Status, answer.Deployment).ShouldBe((200, "own-small"));
        (await house.CallsAsync())[0].AttemptReasons!.Values.ShouldHaveSingleItem()
            .ShouldContain("no AWS credentials could be found");
    }

    [Theory]
    [InlineData("bedrock: { access_key_id: { env: A } }", "a key has an id and a secret")]
    [InlineData("bedrock: { session_token: { env: A } }", "a key has an id and a secret")]
    [InlineData(
        "bedrock: { access_key_id: { env: A }, secret_access_key: { env: A } }\n    credentials: { env: AZURE_API_KEY }",
        "either signed or carry an API key")]
    public void A_configuration_that_cannot_work_is_refused(string settings, string reason)
    {
        var yaml = ConfigText.Small.Replace(
            "credentials: { env: AZURE_API_KEY }", $"dialect: bedrock\n    {settings}", StringComparison.Ordinal);
        ConfigText.Read(yaml).Errors.ShouldContain(problem => problem.Message.Contains(reason, StringComparison.Ordinal));
    }

    /// <summary>A server in a container whose host, here the emulated cloud, hands out keys.</summary>
    static async Task<TestHouse> InContainerAsync(int tokenSeconds)
    {
        var house = await BedrockHouse.StartAsync("bedrock: {}", tokenSeconds: tokenSeconds);
        Environment.SetEnvironmentVariable(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", new Uri(house.Clouds.CloudAddress("aws"), "credentials").ToString());
        Environment.SetEnvironmentVariable("AWS_CONTAINER_AUTHORIZATION_TOKEN", TestHouse.CloudKey);
        return house;
    }

    static HandTime At(DateTimeOffset now)
    {
        var time = new HandTime();
        time.Pass(now - time.GetUtcNow());
        return time;
    }

    static void Change(HttpRequestMessage request, int what, Uri cloud, string path)
    {
        switch (what)
        {
            case 0:
                request.RequestUri = new Uri(cloud, path + "-stream");
                break;
            case 1:
                request.Content = Json("""{"messages":"another"}""");
                break;
            default:
                request.Headers.Remove("x-amz-date");
                request.Headers.TryAddWithoutValidation(
                    "x-amz-date", TimeProvider.System.GetUtcNow().AddSeconds(-90).ToString("yyyyMMdd'T'HHmmss'Z'"));
                break;
        }
    }

    static ByteArrayContent Json(string text) => new(Encoding.UTF8.GetBytes(text))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
    };

    static string Text(Random random, int least, int most)
    {
        const string Letters = "abcXYZ019-_.~:/ +%&=?#@!$'()*,;[]ø雲\"\\";
        return "m" + string.Concat(Enumerable.Range(0, random.Next(least, most))
            .Select(_ => Letters[random.Next(Letters.Length)]));
    }
}
