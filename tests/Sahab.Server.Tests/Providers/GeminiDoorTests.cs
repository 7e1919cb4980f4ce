using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Emulator.Faults;
using Sahab.Server.Tests.Clients;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>Google's API as a door of Sahab's, over clouds that speak OpenAI's protocol and over Google's own.</summary>
public class GeminiDoorTests
{
    const string Hello = """{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}""";

    [Fact]
    public async Task The_official_client_reaches_every_cloud_and_the_ledger_is_the_bill()
    {
        await using var google = await GoogleHouse.StartAsync();
        var clouds = google.House.Clouds;
        await clouds.AddFaultAsync(new FaultSpec { Cloud = "google", Model = "full", Kind = FaultKind.Throttle });
        foreach (var cloud in (string[])["google", "own"])
        {
            await clouds.AddFaultAsync(
                new FaultSpec { Cloud = cloud, Model = "inside", Kind = FaultKind.ErrorIn200, AfterTokens = 3 });
        }

        var (cases, output) = await ClientScript.RunAsync("google-door.mjs", google.House);
        string.Join('\n', cases.Where(told => !told.Value.Ok).Select(told => $"{told.Key}: {told.Value.Error}")).ShouldBe("", output);
        cases.Count.ShouldBe(39, output);
        (await Books.CloseAsync(google.House)).ShouldAgree();
    }

    [Theory]
    [InlineData("/v1beta/models/small:generateContent")]
    [InlineData("/v1/models/small:generateContent")]
    [InlineData("/v1/publishers/google/models/small:generateContent")]
    [InlineData("/v1beta1/projects/p/locations/l/publishers/google/models/small:generateContent")]
    public async Task Every_path_of_Google_s_leads_in(string path)
    {
        await using var google = await GoogleHouse.StartAsync();
        var answer = await google.House.PostAsync(path, Hello);
        (answer.Status, answer.Deployment).ShouldBe((200, "own-small"), answer.Body?.ToJsonString());
        ((string)answer.Body!["candidates"]![0]!["content"]!["parts"]![0]!["text"]!).ShouldNotBeEmpty();
        (await google.House.PostAsync(path.Replace("generateContent", "tuneModel", StringComparison.Ordinal), Hello))
            .Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("x-goog-api-key", "", 200)]
    [InlineData("", "?key=" + TestHouse.DemoKey, 200)]
    [InlineData("", "?key=wrong", 401)]
    [InlineData("", "", 401)]
    public async Task The_key_is_found_where_Google_s_clients_put_it(string header, string query, int status)
    {
        await using var google = await GoogleHouse.StartAsync();
        using var client = google.House.Client();
        client.DefaultRequestHeaders.Authorization = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1beta/models/small:generateContent{query}")
        {
            Content = new StringContent(Hello, Encoding.UTF8, "application/json"),
        };
        if (header.Length > 0)
        {
            request.Headers.Add(header, TestHouse.DemoKey);
        }

        using var answer = await client.SendAsync(request);
        answer.StatusCode.ShouldBe((HttpStatusCode)status);
        if (status == 401)
        {
            var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"]!;
            ((int)error["code"]!, (string)error["status"]!).ShouldBe((401, "UNAUTHENTICATED"));
        }
    }

    [Theory]
    [InlineData("""{"contents":[]}""", "contents")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"surprise":1}""", "surprise")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"codeExecution":{}}]}""", "tools[0].codeExecution")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseModalities":["IMAGE"]}}""", "generationConfig.responseModalities")]
    [InlineData("""{"contents":[{"parts":[{"executableCode":{"code":"1"}}]}]}""", "contents[0].parts[0]")]
    [InlineData("""{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]}""", "contents[0].parts[0].functionResponse.name")]
    public async Task What_cannot_be_served_is_refused_by_its_name(string body, string field)
    {
        await using var google = await GoogleHouse.StartAsync();
        var answer = await google.House.PostAsync("/v1beta/models/small:generateContent", body);
        answer.Status.ShouldBe(400);
        var error = answer.Body!["error"]!;
        ((string)error["status"]!).ShouldBe("INVALID_ARGUMENT");
        error["details"]!.AsArray().Select(detail => (string?)detail!["fieldViolations"]?[0]?["field"]).OfType<string>()
            .ShouldBe([field]);
    }
}
