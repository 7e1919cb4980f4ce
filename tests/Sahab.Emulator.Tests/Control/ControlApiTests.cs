using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Control;

public class ControlApiTests
{
    [Fact]
    public async Task Faults_come_and_go()
    {
        await using var clouds = await StartAsync();
        var added = await SendAsync(clouds, "POST", "faults", """
            {"cloud":"vllm","region":"north","kind":"error-in-200","rate":0.5,"after_tokens":2,"duration_seconds":60}
            """);
        added.GetProperty("spec").GetProperty("kind").GetString().ShouldBe("error-in-200");
        added.GetProperty("until").GetDateTimeOffset().ShouldBeGreaterThan(TimeProvider.System.GetUtcNow());
        (await SendAsync(clouds, "GET", "faults")).GetArrayLength().ShouldBe(1);
        await SendAsync(clouds, "DELETE", $"faults/{added.GetProperty("id").GetString()}", status: 204);
        await SendAsync(clouds, "DELETE", "faults/f99", status: 404);
        await SendAsync(clouds, "POST", "faults", """{"cloud":"vllm","kind":"down"}""");
        (await SendAsync(clouds, "GET", "clouds")).EnumerateArray().Count(c => c.GetProperty("listening").GetBoolean())
            .ShouldBe(3);
        await SendAsync(clouds, "DELETE", "faults", status: 204);
        (await SendAsync(clouds, "GET", "faults")).GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"cloud":"none","kind":"down"}""")]
    [InlineData("""{"cloud":"vllm","kind":"fire"}""")]
    [InlineData("""{"cloud":"vllm","kind":"down","colour":"red"}""")]
    [InlineData("""{"cloud":"vllm","kind":"down","rate":2}""")]
    [InlineData("{")]
    public async Task A_fault_that_makes_no_sense_is_explained(string fault)
    {
        await using var clouds = await StartAsync();
        var refused = await SendAsync(clouds, "POST", "faults", fault, 400);
        refused.GetProperty("error").GetProperty("message").GetString().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_bill_is_had_as_json_lines_and_csv()
    {
        await using var clouds = await StartAsync();
        using var answer = await clouds.PostAsync("azure", Chat(5, stream: false));
        var row = (await SendAsync(clouds, "GET", "bill"))[0];
        row.GetProperty("billed").GetProperty("output").GetInt32().ShouldBe(5);
        var line = (await SendAsync(clouds, "GET", "bill/lines?cloud=azure"))[0];
        line.GetProperty("request_id").GetString().ShouldBe(answer.Headers.GetValues("x-request-id").Single());
        line.GetProperty("outcome").GetString().ShouldBe("answered");
        var csv = await clouds.Http.GetStringAsync(new Uri(clouds.Host.ControlAddress, "bill?format=csv"));
        csv.Split('\n')[1].ShouldBe("azure,north,chat,demo,1,0,3,0,0,0,5,0,3,0,0,0,5,0");
        await SendAsync(clouds, "GET", "bill/lines?cloud=none", status: 400);
        await SendAsync(clouds, "DELETE", "bill", status: 204);
        (await SendAsync(clouds, "GET", "bill")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task The_page_shows_every_cloud_and_its_live_parts()
    {
        await using var clouds = await StartAsync();
        await clouds.StreamAsync("google", Chat(5));
        await SendAsync(clouds, "POST", "faults", """{"cloud":"azure","kind":"slow","factor":2}""");
        var page = await clouds.Http.GetStringAsync(clouds.Host.ControlAddress);
        foreach (var cloud in clouds.Host.ReadBill().Select(e => e.Account.Cloud).Append("azure").Append("vllm"))
        {
            page.ShouldContain($"live-{cloud}");
        }
        var live = await SendAsync(clouds, "GET", "live");
        WebUtility.HtmlDecode(live.GetProperty("azure").GetString())!.ShouldContain("slow ×2");
        WebUtility.HtmlDecode(live.GetProperty("google").GetString())!.ShouldContain("north · chat · demo");
    }

    static async Task<JsonElement> SendAsync(
        Clouds clouds, string method, string path, string? body = null, int? status = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(clouds.Host.ControlAddress, path))
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var answer = await clouds.Http.SendAsync(request);
        answer.StatusCode.ShouldBe((HttpStatusCode)(status ?? (method == "POST" ? 201 : 200)));
        return answer.StatusCode == HttpStatusCode.NoContent
            ? default
            : await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
