using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>Moderations, images and sound over two clouds that have them, and what goes wrong there.</summary>
public sealed class PassThroughTests : IAsyncLifetime
{
    const string Yaml = """
        server: { max_body_bytes: 64KiB }
        routing: { policy: priority-order }
        providers:
          a: { credentials: { env: CLOUD_KEY }, regions: { us: { country: US, base_url: "{a}/v1" } } }
          b: { credentials: { env: CLOUD_KEY }, regions: { "no": { country: "NO", base_url: "{b}/v1" } } }
        models:
          guard: { operations: [moderations] }
          painter: { operations: [image-generations, image-edits, image-variations] }
          scribe: { operations: [transcriptions, translations] }
          voice: { operations: [speech] }
          talker: {}
        deployments:
          a-guard: &a { provider: a, region: us, model: guard, price: { prompt: 5, output: 40 } }
          a-painter: { <<: *a, model: painter }
          a-scribe: { <<: *a, model: scribe }
          a-voice: { <<: *a, model: voice }
          a-talker: { <<: *a, model: talker }
          b-guard: &b { provider: b, region: "no", priority: 2, model: guard, price: { prompt: 5, output: 40 } }
          b-painter: { <<: *b, model: painter }
          b-scribe: { <<: *b, model: scribe }
          b-voice: { <<: *b, model: voice }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
              nordic: { secret: { sha256: 59f13b8f7bb05d6ed2b8cdad8ffef3fd85d47ee6f5d08f1d6a6c6f8a3b0f4cbe }, countries: ["NO"] }
              few: { secret: { env: WRONG_KEY }, limits: { tokens_per_minute: 2000 } }
          operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } }
        """;

    TestHouse _house = null!;
    int _sent;

    public async Task InitializeAsync() => _house = await TestHouse.StartAsync(
        Yaml.Replace(
            "59f13b8f7bb05d6ed2b8cdad8ffef3fd85d47ee6f5d08f1d6a6c6f8a3b0f4cbe",
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("sk-nordic"u8)),
            StringComparison.Ordinal),
        Emulated());

    public async Task DisposeAsync() => await _house.DisposeAsync();

    public static TheoryData<string> Paths => new(
        "moderations", "images/generations", "images/edits", "images/variations", "audio/transcriptions",
        "audio/translations", "audio/speech");

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Another_cloud_takes_over_whatever_befalls_the_first(string path)
    {
        foreach (var fault in (FaultKind[])[FaultKind.Down, FaultKind.Error, FaultKind.Throttle, FaultKind.ErrorIn200])
        {
            await _house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "a", Kind = fault });
            using (var response = await SendAsync(path))
            {
                response.StatusCode.ShouldBe(HttpStatusCode.OK, $"{fault}: {await response.Content.ReadAsStringAsync()}");
                response.Headers.GetValues("x-sahab-deployment").Single().ShouldStartWith("b-");
            }

            await _house.Clouds.ClearFaultsAsync();
        }

        await AssertBooksAsync();
    }

    [Theory]
    [InlineData("moderations", 0)]
    [InlineData("images/generations", 1056)]
    [InlineData("images/edits", 1056)]
    [InlineData("images/variations", 1056)]
    [InlineData("audio/transcriptions", 1)]
    [InlineData("audio/translations", 1)]
    [InlineData("audio/speech", 0)]
    public async Task A_call_is_one_event_of_its_operation_with_the_tokens_that_the_cloud_states(string path, int output)
    {
        using var response = await SendAsync(path);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());

        await AssertBooksAsync();
        var usage = (await _house.CallsAsync())[0].Attempts.ShouldHaveSingleItem();
        usage.Operation.ShouldBe(path.Replace('/', '.'));
        usage.Outcome.ShouldBe(AttemptOutcome.Succeeded);
        usage.Flags.ShouldBe(UsageFlags.None);
        usage.Usage.OutputTokens.ShouldBeGreaterThanOrEqualTo(output);
        (usage.Usage.TotalTokens > 0).ShouldBe(output > 0);
        var bill = _house.Clouds.ReadBill("a").ShouldHaveSingleItem();
        (bill.Requests, bill.Unbilled).ShouldBe((1, 0));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task No_attempt_leaves_the_countries_of_the_key(string path)
    {
        using (var response = await SendAsync(path, "sk-nordic"))
        {
            response.Headers.GetValues("x-sahab-region").ShouldBe(["no"]);
        }

        await _house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "b", Kind = FaultKind.Down });
        using (var response = await SendAsync(path, "sk-nordic"))
        {
            response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }

        _house.Clouds.ReadBill("a").ShouldBeEmpty();
    }

    [Fact]
    public async Task Speech_that_is_cut_after_its_first_bytes_never_looks_whole()
    {
        await _house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "a", Kind = FaultKind.Cut });
        _sent++;
        using var client = _house.Client();
        using var request = Request("audio/speech");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        await Should.ThrowAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
        await AssertBooksAsync();
    }

    [Theory]
    [InlineData("moderations", """{"model":"guard"}""", 400, null, "input")]
    [InlineData("moderations", """{"model":"","input":"x"}""", 400, "empty_string", "model")]
    [InlineData("moderations", """{"model":"none","input":"x"}""", 404, "model_not_found", "model")]
    [InlineData("moderations", """{"model":"voice","input":"x"}""", 400, "operation_not_supported", "model")]
    [InlineData("audio/speech", """{"model":"voice","voice":"a","input":"x","response_format":"mp3"}""", 400, "invalid_value",
        "response_format")]
    [InlineData("images/generations", "{\"model\":", 400, "invalid_json", null)]
    [InlineData("audio/transcriptions", """{"model":"scribe"}""", 400, null, null)]
    public async Task A_wrong_request_is_refused_with_its_reason(
        string path, string body, int status, string? code, string? param)
    {
        using var client = _house.Client();
        using var response = await client.PostAsync(
            $"/v1/{path}", new StringContent(body, Encoding.UTF8, "application/json"));

        await AssertErrorAsync(response, status, code, param);
    }

    [Theory]
    [InlineData("multipart/form-data", 400, "invalid_multipart")]
    [InlineData("multipart/form-data; boundary=other", 400, "invalid_multipart")]
    [InlineData("multipart/mixed; boundary=cut", 400, "unsupported_content_type")]
    [InlineData("text/plain", 400, "unsupported_content_type")]
    [InlineData(null, 400, "unsupported_content_type")]
    [InlineData("multipart/form-data; boundary=cut", 200, null)]
    [InlineData("Multipart/Form-Data; charset=utf-8; boundary=\"cut\"", 200, null)]
    public async Task A_form_is_read_by_the_boundary_of_its_header(string? type, int status, string? code)
    {
        using var client = _house.Client();
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nsound\r\n"
            + "--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nscribe\r\n--cut--\r\n"));
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var response = await client.PostAsync("/v1/audio/transcriptions", content);

        if (status == 200)
        {
            response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        }
        else
        {
            await AssertErrorAsync(response, status, code, null);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_beyond_the_limit_is_refused_whether_or_not_it_says_its_length(bool saysLength)
    {
        using var client = _house.Client();
        using var request = Request("audio/transcriptions", new byte[70_000]);
        request.Headers.TransferEncodingChunked = !saysLength;
        using var response = await client.SendAsync(request);

        await AssertErrorAsync(response, 413, "request_too_large", null);
        _house.Clouds.ReadBill("a").ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_call_may_use_is_reserved_of_its_key_and_what_it_did_not_use_given_back()
    {
        // Nine images are nine outputs, of 512 tokens until the model has been known to make others.
        using var tooMany = await SendJsonAsync("images/generations", """{"model":"painter","prompt":"x","n":9}""", "not-the-secret");
        await AssertErrorAsync(tooMany, 400, "request_larger_than_limit", "max_completion_tokens");

        for (var i = 0; i < 20; i++)
        {
            // 800 bytes are some two hundred tokens, of which a moderation uses none.
            using var response = await SendJsonAsync(
                "moderations", $$"""{"input":"{{new string('x', 800)}}"}""", "not-the-secret");
            response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Why_a_form_would_go_where_is_explained()
    {
        using var admin = _house.Client(TestHouse.AdminKey);
        using var form = Request("audio/transcriptions").Content!;
        using var response = await admin.PostAsync("/api/explain?path=/v1/audio/transcriptions&key=nordic", form);

        var explained = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        response.StatusCode.ShouldBe(HttpStatusCode.OK, explained.ToJsonString());
        ((string)explained["model"]!).ShouldBe("scribe");
    }

    static async Task AssertErrorAsync(HttpResponseMessage response, int status, string? code, string? param)
    {
        var text = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(status, text);
        var error = JsonNode.Parse(text)!["error"]!;
        ((string)error["message"]!).ShouldNotBeEmpty();
        if (code is not null)
        {
            ((string?)error["code"]).ShouldBe(code, text);
        }

        if (param is not null)
        {
            ((string?)error["param"]).ShouldBe(param, text);
        }
    }

    /// <summary>What the clouds bill, calls and tokens, is what was metered.</summary>
    async Task AssertBooksAsync()
    {
        while (_house.Get<RecentCalls>().Count < _sent)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        await _house.Clouds.WhenQuietAsync("a");
        await _house.Clouds.WhenQuietAsync("b");
        await _house.DrainLedgerAsync();
        using var admin = _house.Client(TestHouse.AdminKey);
        var report = JsonNode.Parse(await admin.GetStringAsync("/api/usage?by=model"))!;
        var ledger = report["data"]!.AsArray()
            .Select(row => ((string)row!["model"]!, (long)row["tokens"]!["prompt"]!, (long)row["tokens"]!["output"]!))
            .Order();
        var attempts = (await _house.CallsAsync()).SelectMany(call => call.Attempts).ToList();
        var bill = _house.Clouds.ReadBill();
        bill.GroupBy(entry => entry.Account.Model)
            .Select(model => (model.Key, model.Sum(e => e.Billed.Prompt), model.Sum(e => e.Billed.Output)))
            .Order().ShouldBe(ledger);
        bill.Sum(entry => entry.Requests).ShouldBe(attempts.Count(a => a.Outcome == AttemptOutcome.Succeeded));
    }

    async Task<HttpResponseMessage> SendAsync(string path, string? key = null)
    {
        _sent++;
        using var client = _house.Client(key);
        using var request = Request(path);
        return await client.SendAsync(request);
    }

    async Task<HttpResponseMessage> SendJsonAsync(string path, string json, string key)
    {
        using var client = _house.Client(key);
        return await client.PostAsync($"/v1/{path}", new StringContent(json, Encoding.UTF8, "application/json"));
    }

    static HttpRequestMessage Request(string path, byte[]? file = null)
    {
        file ??= Convert.FromBase64String(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
        var json = path switch
        {
            "moderations" => """{"input":"a day"}""",
            "images/generations" => """{"model":"painter","prompt":"a day"}""",
            "audio/speech" => """{"model":"voice","voice":"alloy","input":"The day is long and the sky is wide."}""",
            _ => null,
        };
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/{path}");
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            return request;
        }

        var isImage = path.StartsWith("images", StringComparison.Ordinal);
        var form = new MultipartFormDataContent();
        form.Add(new StringContent("a day"), "prompt");
        var part = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        form.Add(part, isImage ? "image" : "file", "day.png");
        if (path != "images/variations")
        {
            // After the file, as some clients send it; and left out where one model alone can be meant.
            form.Add(new StringContent(isImage ? "painter" : "scribe"), "model");
        }

        request.Content = form;
        return request;
    }

    static EmulatorConfig Emulated()
    {
        var models = new Dictionary<string, ModelConfig>
        {
            ["guard"] = new() { Kind = ModelKind.Moderation },
            ["painter"] = new() { Kind = ModelKind.Image },
            ["scribe"] = new() { Kind = ModelKind.Transcription },
            ["voice"] = new() { Kind = ModelKind.Speech },
            ["talker"] = new(),
        };
        CloudConfig Cloud(string country) => new()
        {
            Keys = new() { ["sahab"] = TestHouse.CloudKey },
            Regions = new() { ["here"] = new() { Country = country } },
            Models = models.Keys.ToDictionary(model => model, _ => new CloudModelConfig()),
        };
        return new EmulatorConfig
        {
            Latency = Latency.None,
            Models = models,
            Clouds = new() { ["a"] = Cloud("US"), ["b"] = Cloud("NO") },
        };
    }
}
