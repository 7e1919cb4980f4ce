using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>
/// Makes images: real ones, but small, and drawn from the request, so that equal requests are equal. They come in base64;
/// there is no place here that a URL could lead to.
/// </summary>
internal static class Pictures
{
    const int MaxImages = 10;

    public static MediaAnswer Make(RequestFields fields, MediaTerms terms)
    {
        if (fields.Flag("stream") == true)
        {
            throw fields.Invalid("stream", "Images are not streamed here.", "invalid_value");
        }
        var prompt = fields.RequiredText("prompt");
        var count = fields.Integer("n", 1, MaxImages) ?? 1;
        Check(fields.Text);
        return Plan(terms, SeededRandom.Hash(prompt, terms.Seed), prompt, 0, count, fields.Text("quality"));
    }

    public static MediaAnswer Edit(FormRequest form, MediaTerms terms)
    {
        var prompt = form.RequiredText("prompt");
        return Draw(form, terms, prompt, SeededRandom.Hash(prompt, terms.Seed));
    }

    public static MediaAnswer Vary(FormRequest form, MediaTerms terms) => Draw(form, terms, "", terms.Seed);

    static MediaAnswer Draw(FormRequest form, MediaTerms terms, string prompt, ulong seed)
    {
        if (form.Text("stream") == "true")
        {
            throw FormRequest.Invalid("stream", "Images are not streamed here.");
        }
        form.RequiredFile("image");
        var images = form.Files("image").Concat(form.Files("mask")).ToList();
        if (!images.TrueForAll(PngFile.Is))
        {
            throw FormRequest.Invalid("image", "Uploaded images must be PNG files.");
        }
        Check(form.Text);
        seed = images.Aggregate(seed, (hash, image) => SeededRandom.Hash(image, hash));
        return Plan(terms, seed, prompt, images.Count, form.Integer("n", 1, MaxImages, absent: 1), form.Text("quality"));
    }

    static void Check(Func<string, string?> text)
    {
        if (text("response_format") is not (null or "b64_json"))
        {
            throw FormRequest.Invalid("response_format", "Only 'b64_json' is possible here.");
        }
        if (text("output_format") is not (null or "png"))
        {
            throw FormRequest.Invalid("output_format", "Only 'png' is possible here.");
        }
    }

    static MediaAnswer Plan(MediaTerms terms, ulong seed, string prompt, int images, int count, string? quality)
    {
        var text = Tokenizer.CountPrompt(System.Text.Encoding.UTF8.GetByteCount(prompt), 0);
        // What a square image costs at OpenAI, by its quality.
        var each = quality switch { "low" => 272, "high" => 4160, _ => 1056 };
        var usage = new Usage(text + images * Tokenizer.TokensPerImage, 0, each * count, 0);
        return new MediaAnswer
        {
            Usage = terms.BillsTokens ? usage : Usage.None,
            WriteJson = (writer, told) => Write(writer, terms, seed, count, told, images * Tokenizer.TokensPerImage),
        };
    }

    static void Write(Utf8JsonWriter writer, MediaTerms terms, ulong seed, int count, Usage? told, int imageTokens)
    {
        writer.WriteStartObject();
        writer.WriteNumber("created", terms.UnixSeconds);
        writer.WriteStartArray("data");
        for (var at = 0; at < count; at++)
        {
            writer.WriteStartObject();
            writer.WriteBase64String("b64_json", PngFile.Draw(SeededRandom.Mix(seed, (ulong)at)));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        if (terms.BillsTokens && told is { } usage)
        {
            writer.WriteStartObject("usage");
            writer.WriteNumber("total_tokens", usage.Prompt + usage.Output);
            writer.WriteNumber("input_tokens", usage.Prompt);
            writer.WriteNumber("output_tokens", usage.Output);
            writer.WriteStartObject("input_tokens_details");
            writer.WriteNumber("text_tokens", usage.Prompt - imageTokens);
            writer.WriteNumber("image_tokens", imageTokens);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }
}
