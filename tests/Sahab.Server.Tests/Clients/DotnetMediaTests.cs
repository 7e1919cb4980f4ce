using System.ClientModel;
using OpenAI.Audio;
using OpenAI.Images;

namespace Sahab.Server.Tests.Clients;

/// <summary>The official OpenAI client for .NET: moderations, images and sound.</summary>
public sealed class DotnetMediaTests(DotnetClients clients) : IClassFixture<DotnetClients>
{
    [Fact]
    public async Task A_text_is_moderated()
    {
        var results = (await clients.Moderations().ClassifyTextAsync(["a fine day", "I will kill"])).Value;

        results.Select(result => result.Flagged).ShouldBe([false, true]);
        results[1].Violence.Flagged.ShouldBeTrue();
        results[1].Violence.Score.ShouldBeGreaterThan(0.5f);
        results[1].Hate.Flagged.ShouldBeFalse();
    }

    [Fact]
    public async Task An_image_is_made_edited_and_varied()
    {
        var made = (await clients.Images().GenerateImageAsync("Clouds")).Value.ImageBytes.ToMemory();
        made.Span[1..4].SequenceEqual("PNG"u8).ShouldBeTrue();

        using var first = new MemoryStream(made.ToArray());
        var edited = (await clients.Images().GenerateImageEditAsync(first, "a.png", "Rain")).Value.ImageBytes.ToArray();
        using var second = new MemoryStream(made.ToArray());
        var varied = (await clients.Images("old-painter").GenerateImageVariationAsync(
            second, "a.png", new ImageVariationOptions { ResponseFormat = GeneratedImageFormat.Bytes }))
            .Value.ImageBytes.ToArray();

        edited.ShouldNotBe(made.ToArray());
        varied.ShouldNotBe(edited);
    }

    [Fact]
    public async Task What_is_spoken_is_heard()
    {
        var spoken = (await clients.Audio("voice").GenerateSpeechAsync(
            "Clouds hold water.", GeneratedSpeechVoice.Alloy,
            new SpeechGenerationOptions { ResponseFormat = GeneratedSpeechFormat.Wav })).Value;
        spoken.ToMemory().Span[..4].SequenceEqual("RIFF"u8).ShouldBeTrue();

        var heard = (await clients.Audio("scribe").TranscribeAudioAsync(spoken.ToStream(), "a.wav")).Value;
        var timed = (await clients.Audio("old-scribe").TranscribeAudioAsync(
            spoken.ToStream(), "a.wav", new AudioTranscriptionOptions
            {
                ResponseFormat = AudioTranscriptionFormat.Verbose,
            })).Value;
        var translated = (await clients.Audio("old-scribe").TranslateAudioAsync(spoken.ToStream(), "a.wav")).Value;

        heard.Text.ShouldNotBeEmpty();
        timed.Segments.ShouldNotBeEmpty();
        timed.Duration.ShouldNotBeNull().TotalSeconds.ShouldBe("Clouds hold water.".Length / 50.0, tolerance: 0.01);
        translated.Text.ShouldNotBe(timed.Text);
    }

    [Fact]
    public async Task A_model_that_does_something_else_is_refused()
    {
        var refused = await Should.ThrowAsync<ClientResultException>(() => clients.Images("voice").GenerateImageAsync("x"));

        refused.Status.ShouldBe(400);
        refused.Message.ShouldContain("does not serve images.generations");
    }

    [Fact]
    public async Task Every_token_that_the_clouds_bill_is_in_the_ledger()
    {
        await clients.Images().GenerateImageAsync("Clouds", new ImageGenerationOptions { Quality = "low" });
        await clients.Home.SettleAsync();

        clients.Home.Billed()["painter"].Output.ShouldBeGreaterThanOrEqualTo(272);
        (await clients.Home.LedgerAsync()).OrderBy(row => row.Key).ShouldBe(clients.Home.Billed().OrderBy(row => row.Key));
    }
}
