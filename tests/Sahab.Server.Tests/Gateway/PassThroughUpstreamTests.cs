using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sahab.Ledger.Rating;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>What goes over the wire where requests and answers are passed through, byte by byte.</summary>
public sealed class PassThroughUpstreamTests : IAsyncLifetime
{
    const string Delta = "event: transcript.text.delta\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"word\"}\n\n";

    const string Done = "event: transcript.text.done\ndata: {\"type\":\"transcript.text.done\",\"text\":\"word\",\"usage\":"
        + "{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":3,\"total_tokens\":17}}\n\n";

    ScriptedUpstream _a = null!;
    ScriptedUpstream _b = null!;
    TestHouse _house = null!;

    public async Task InitializeAsync()
    {
        _a = await ScriptedUpstream.StartAsync((_, context) => SendAsync(context, "application/json", "{}"));
        _b = await ScriptedUpstream.StartAsync((_, context) => SendAsync(context, "application/json", "{}"));
        _house = await TestHouse.StartAsync($$"""
            routing: { policy: priority-order }
            providers:
              a: { broken_streams: unbilled, regions: { x: { country: "NO", base_url: "{{_a.BaseUrl}}" } } }
              b: { regions: { x: { country: SE, base_url: "{{_b.BaseUrl}}" } } }
              dated:
                dialect: azure
                azure: { api_version: "2025-04-01-preview" }
                regions: { x: { country: SE, base_url: "{{_b.BaseUrl}}" } }
            models: { m: { operations: [transcriptions, speech] }, az: { operations: [transcriptions, image-generations] } }
            deployments:
              a-m: &a { provider: a, region: x, model: m, upstream_model: vendor/m-1, price: { prompt: 1, output: 1 } }
              b-m: { <<: *a, provider: b, priority: 2, upstream_model: m-b }
              z: { <<: *a, provider: dated, model: az, upstream_model: d-1 }
            tenants: { demo: { keys: { demo: { secret: { env: DEMO_KEY } } } } }
            """);
    }

    public async Task DisposeAsync()
    {
        await _house.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Theory]
    [InlineData("m", "/v1/audio/transcriptions", "vendor/m-1")]
    [InlineData("az", "/v1/deployments/d-1/audio/transcriptions", "d-1")]
    public async Task A_form_arrives_as_it_was_sent_but_for_the_name_of_the_model(string model, string path, string name)
    {
        var file = new byte[200_000];
        new Random(5).NextBytes(file);
        using var response = await PostFormAsync(Form(model, file));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var arrived = (model == "m" ? _a : _b).Received.ShouldHaveSingleItem();
        arrived.Path.ShouldBe(path);
        arrived.Headers.ContentType.ToString().ShouldBe("multipart/form-data; boundary=\"cut\"");
        arrived.Body.ShouldBe(Form(name, file));
    }

    [Fact]
    public async Task A_stream_of_events_is_passed_through_and_metered_by_its_last()
    {
        _a.Answer = (_, context) => SendAsync(context, "text/event-stream", Delta + Delta + Done);
        using var response = await PostFormAsync(Form("m", [1], stream: true));

        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        (await response.Content.ReadAsStringAsync()).ShouldBe(Delta + Delta + Done);
        var usage = await UsageAsync();
        (usage.Usage.PromptTokens, usage.Usage.OutputTokens, usage.Flags).ShouldBe((14, 3, UsageFlags.Streamed));
    }

    [Fact]
    public async Task Events_reach_the_client_as_they_come()
    {
        var read = new TaskCompletionSource();
        _a.Answer = async (_, context) =>
        {
            await SendAsync(context, "text/event-stream", Delta);
            await read.Task;
            await context.Response.WriteAsync(Done);
        };
        using var client = _house.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/transcriptions")
        {
            Content = Content(Form("m", [1], stream: true)),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        (await reader.ReadLineAsync()).ShouldBe("event: transcript.text.delta");
        read.SetResult();
        (await reader.ReadToEndAsync()).ShouldEndWith(Done);
    }

    [Theory]
    [InlineData("text/event-stream", "data: {\"type\":\"error\",\"error\":{\"message\":\"overloaded\"}}\n\n")]
    [InlineData("text/event-stream", "")]
    [InlineData("audio/mpeg", "")]
    [InlineData("text/html", "<html>Sign in</html>")]
    [InlineData("application/json", "{\"error\":{\"message\":\"overloaded\"}}")]
    [InlineData("application/json", "[1")]
    [InlineData("application/json", "\"half")]
    public async Task An_answer_that_is_none_is_replaced_by_the_next_cloud(string type, string body)
    {
        _a.Answer = (_, context) => SendAsync(context, type, body);
        _b.Answer = (_, context) => SendAsync(context, "text/plain; charset=utf-8", "from b");
        using var response = await PostFormAsync(Form("m", [1]));

        (await response.Content.ReadAsStringAsync()).ShouldBe("from b");
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        Encoding.UTF8.GetString(_b.Received.ShouldHaveSingleItem().Body).ShouldContain("m-b");
    }

    [Fact]
    public async Task A_text_in_the_form_of_json_is_a_good_answer()
    {
        _a.Answer = (_, context) => SendAsync(context, "application/json", "\"what was said\"");
        using var response = await PostFormAsync(Form("m", [1]));

        (await response.Content.ReadAsStringAsync()).ShouldBe("\"what was said\"");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sound_comes_through_byte_for_byte_whether_or_not_its_length_is_told(bool tellsLength)
    {
        var sound = new byte[300_000];
        new Random(6).NextBytes(sound);
        _a.Answer = async (_, context) =>
        {
            context.Response.ContentType = "audio/ogg; codecs=opus";
            context.Response.ContentLength = tellsLength ? sound.Length : null;
            await context.Response.Body.WriteAsync(sound);
        };
        using var response = await SpeakAsync();

        response.Content.Headers.ContentType!.ToString().ShouldBe("audio/ogg; codecs=opus");
        (await response.Content.ReadAsByteArrayAsync()).ShouldBe(sound);
        (response.Headers.TransferEncodingChunked == true).ShouldBe(!tellsLength);
    }

    [Fact]
    public async Task Events_that_break_off_end_with_an_error_and_never_as_if_they_were_whole()
    {
        var read = new TaskCompletionSource();
        _a.Answer = async (_, context) =>
        {
            await SendAsync(context, "text/event-stream", Delta);
            await read.Task;
            context.Abort();
        };
        using var client = _house.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/transcriptions")
        {
            Content = Content(Form("m", [1], stream: true)),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seen = new StringBuilder();
        await Should.ThrowAsync<IOException>(async () =>
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                seen.Append(line).Append('\n');
                read.TrySetResult();
            }
        });

        seen.ToString().ShouldContain("stream_interrupted");
        _b.Received.ShouldBeEmpty();
        var usage = await UsageAsync();
        usage.Outcome.ShouldBe(AttemptOutcome.Cut);
        usage.Flags.ShouldBe(UsageFlags.Streamed | UsageFlags.NotBilled);
    }

    [Fact]
    public async Task The_refusal_of_a_cloud_reaches_the_client_and_nobody_else_is_asked()
    {
        _a.Answer = (_, context) =>
        {
            context.Response.StatusCode = 400;
            return SendAsync(
                context, "application/json",
                """{"error":{"message":"Unrecognized file format.","type":"invalid_request_error","param":"file","code":null}}""");
        };
        using var response = await PostFormAsync(Form("m", [1]));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        ((string)error["message"]!).ShouldBe("Unrecognized file format.");
        ((string)error["param"]!).ShouldBe("file");
        _b.Received.ShouldBeEmpty();
    }

    /// <summary>What was metered of the one call, once it has ended.</summary>
    async Task<UsageEvent> UsageAsync() =>
        (await _house.CallsAsync()).ShouldHaveSingleItem().Attempts.ShouldHaveSingleItem();

    async Task<HttpResponseMessage> PostFormAsync(byte[] form)
    {
        using var client = _house.Client();
        return await client.PostAsync("/v1/audio/transcriptions", Content(form));
    }

    async Task<HttpResponseMessage> SpeakAsync()
    {
        using var client = _house.Client();
        return await client.PostAsync("/v1/audio/speech", new StringContent(
            """{"model":"m","input":"x","voice":"alloy"}""", Encoding.UTF8, "application/json"));
    }

    static ByteArrayContent Content(byte[] form)
    {
        var content = new ByteArrayContent(form);
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=cut");
        return content;
    }

    static byte[] Form(string model, byte[] file, bool stream = false) =>
    [
        .. Encoding.ASCII.GetBytes(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n"),
        .. file,
        .. Encoding.ASCII.GetBytes($"\r\n--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n"
            + (stream ? "--cut\r\nContent-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n" : "") + "--cut--\r\n"),
    ];

    static async Task SendAsync(HttpContext context, string type, string body)
    {
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body);
        await context.Response.Body.FlushAsync();
    }
}
