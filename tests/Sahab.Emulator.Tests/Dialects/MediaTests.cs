using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Sahab.Emulator.Billing;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Dialects;

public class MediaTests : IAsyncLifetime
{
    const string Speech = "v1/audio/speech";

    readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    EmulatorHost _host = null!;

    public async Task InitializeAsync()
    {
        var plain = Config();
        var models = new Dictionary<string, ModelConfig>
        {
            ["guard"] = new() { Kind = ModelKind.Moderation },
            ["painter"] = new() { Kind = ModelKind.Image },
            ["scribe"] = new() { Kind = ModelKind.Transcription },
            ["whisper"] = new() { Kind = ModelKind.Transcription, BillsTokens = false },
            ["voice"] = new() { Kind = ModelKind.Speech },
        };
        _host = await EmulatorHost.StartAsync(plain with
        {
            Models = models,
            Clouds = plain.Clouds.ToDictionary(cloud => cloud.Key, cloud => cloud.Value with
            {
                Models = models.Keys.ToDictionary(model => model, _ => new CloudModelConfig()),
            }),
        });
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Moderations_have_every_category_and_judge_each_text_alike_each_time()
    {
        const string body = """{"model":"guard","input":["calm","a bomb"]}""";
        var first = await AskAsync("v1/moderations", body);
        var second = await AskAsync("v1/moderations", body);
        first.GetProperty("id").GetString().ShouldStartWith("modr-");
        first.GetProperty("results").GetRawText().ShouldBe(second.GetProperty("results").GetRawText());
        var results = first.GetProperty("results").EnumerateArray().ToList();
        results.Select(r => r.GetProperty("flagged").GetBoolean()).ShouldBe([false, true]);
        foreach (var part in (string[])["categories", "category_scores", "category_applied_input_types"])
        {
            results[1].GetProperty(part).EnumerateObject().Count().ShouldBe(13);
        }
        AssertBill("guard", requests: 2, prompt: 0, output: 0);
    }

    [Fact]
    public async Task An_image_is_a_png_that_can_be_decoded()
    {
        var answer = await AskAsync("v1/images/generations", """{"model":"painter","prompt":"12345678","quality":"low"}""");
        var image = answer.GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64();
        var data = 8 + 12 + 13;
        BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(16)).ShouldBe(64);
        var length = BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(data));
        using var unpacked = new ZLibStream(new MemoryStream(image, data + 8, length), CompressionMode.Decompress);
        var pixels = new MemoryStream();
        await unpacked.CopyToAsync(pixels);
        pixels.Length.ShouldBe(64 * (1 + 64 * 3));
        AssertBill("painter", requests: 1, prompt: 2, output: 272);
    }

    [Fact]
    public async Task Edits_and_variations_depend_on_the_bytes_of_the_image()
    {
        var image = (await AskAsync("v1/images/generations", """{"model":"painter","prompt":"x"}"""))
            .GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64();
        var edited = await PostFormAsync("v1/images/edits", "painter", ("image", image), ("prompt", "more"u8.ToArray()));
        var varied = await PostFormAsync("v1/images/variations", "painter", ("image", image));
        image[^20] ^= 1;
        var other = await PostFormAsync("v1/images/variations", "painter", ("image", image));
        string Data(string json) => JsonDocument.Parse(json).RootElement.GetProperty("data")[0].GetRawText();
        new[] { edited.Text, varied.Text, other.Text }.Select(Data).Distinct().Count().ShouldBe(3);
        (await PostFormAsync("v1/images/edits", "painter", ("image", image))).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Speech_is_wav_whose_length_grows_with_the_text()
    {
        async Task<byte[]> SpeakAsync(string text)
        {
            using var answer = await PostAsync(Speech, $$"""{"model":"voice","voice":"alloy","input":"{{text}}"}""");
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("audio/wav");
            return await answer.Content.ReadAsByteArrayAsync();
        }
        var (four, eight) = (await SpeakAsync("four"), await SpeakAsync("is eight"));
        BinaryPrimitives.ReadInt32LittleEndian(four.AsSpan(40)).ShouldBe(four.Length - 44);
        (eight.Length - 44).ShouldBe(2 * (four.Length - 44));
        using var refused = await PostAsync(
            Speech, """{"model":"voice","voice":"alloy","input":"x","response_format":"opus"}""");
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        AssertBill("voice", requests: 2, prompt: 0, output: 0);
    }

    [Fact]
    public async Task What_is_heard_depends_on_the_sound_and_is_billed_as_its_model_is()
    {
        var sound = new byte[32_000];
        var json = await PostFormAsync("v1/audio/transcriptions", "scribe", ("file", sound));
        var again = await PostFormAsync("v1/audio/transcriptions", "scribe", ("file", sound));
        json.Text.ShouldBe(again.Text);
        var usage = JsonDocument.Parse(json.Text).RootElement.GetProperty("usage");
        usage.GetProperty("input_tokens").GetInt32().ShouldBe(20);
        AssertBill("scribe", requests: 2, prompt: 40, output: 2 * usage.GetProperty("output_tokens").GetInt32());

        (await PostFormAsync("v1/audio/transcriptions", "scribe", ("file", sound), ("response_format", "srt"u8.ToArray())))
            .Status.ShouldBe(HttpStatusCode.BadRequest);
        var subtitles = await PostFormAsync(
            "v1/audio/translations", "whisper", ("file", sound), ("response_format", "srt"u8.ToArray()));
        subtitles.Text.ShouldStartWith("1\n00:00:00,000 --> 00:00:02,000\n");
        AssertBill("whisper", requests: 1, prompt: 0, output: 0);
    }

    [Fact]
    public async Task A_cut_ends_speech_in_the_middle_and_is_not_billed()
    {
        await _host.AddFaultAsync(new FaultSpec { Cloud = "openai", Kind = FaultKind.Cut });
        using var request = Request(Speech, """{"model":"voice","voice":"alloy","input":"a long text"}""");
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        await Should.ThrowAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync());
        _host.ReadBill("openai").ShouldHaveSingleItem().Requests.ShouldBe(0);
    }

    [Theory]
    [InlineData("v1/moderations", """{"model":"guard","input":"x"}""")]
    [InlineData("v1/images/generations", """{"model":"painter","prompt":"x"}""")]
    [InlineData(Speech, """{"model":"voice","voice":"alloy","input":"x"}""")]
    public async Task Faults_strike_before_any_work(string path, string body)
    {
        foreach (var (kind, status) in ((FaultKind, int)[])[(FaultKind.Error, 500), (FaultKind.Throttle, 429)])
        {
            await _host.AddFaultAsync(new FaultSpec { Cloud = "openai", Kind = kind });
            using var answer = await PostAsync(path, body);
            ((int)answer.StatusCode).ShouldBe(status);
            await _host.ClearFaultsAsync();
        }
        _host.ReadBill("openai").ShouldHaveSingleItem().Requests.ShouldBe(0);
    }

    [Fact]
    public async Task Azure_has_images_and_sound_but_no_moderations_and_no_variations()
    {
        foreach (var (path, status) in ((string, int)[])[("images/generations", 200), ("moderations", 404)])
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Post, new Uri(_host.CloudAddress("azure"), $"openai/v1/{path}"))
            {
                Content = new StringContent(
                    """{"model":"painter","prompt":"x","input":"x"}""", new MediaTypeHeaderValue("application/json")),
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "secret") },
            };
            using var answer = await _http.SendAsync(request);
            ((int)answer.StatusCode).ShouldBe(status);
        }
    }

    void AssertBill(string model, long requests, long prompt, long output)
    {
        BillEntry bill = _host.ReadBill("openai").Single(entry => entry.Account.Model == model);
        (bill.Requests, bill.Billed.Prompt, bill.Billed.Output).ShouldBe((requests, prompt, output));
    }

    HttpRequestMessage Request(string path, string json) => new(HttpMethod.Post, new Uri(_host.CloudAddress("openai"), path))
    {
        Content = new StringContent(json, new MediaTypeHeaderValue("application/json")),
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "secret") },
    };

    async Task<HttpResponseMessage> PostAsync(string path, string json)
    {
        using var request = Request(path, json);
        return await _http.SendAsync(request);
    }

    async Task<JsonElement> AskAsync(string path, string json)
    {
        using var answer = await PostAsync(path, json);
        var body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, body);
        return JsonDocument.Parse(body).RootElement;
    }

    async Task<(HttpStatusCode Status, string Text)> PostFormAsync(
        string path, string model, params (string Name, byte[] Value)[] parts)
    {
        using var form = new MultipartFormDataContent { { new StringContent(model), "model" } };
        foreach (var (name, value) in parts)
        {
            if (name is "image" or "file")
            {
                form.Add(new ByteArrayContent(value), name, "a.bin");
            }
            else
            {
                form.Add(new ByteArrayContent(value), name);
            }
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.CloudAddress("openai"), path))
        {
            Content = form,
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "secret") },
        };
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
