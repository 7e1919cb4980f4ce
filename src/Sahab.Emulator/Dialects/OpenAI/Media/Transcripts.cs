using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>
/// Hears words in sound: as many as its length allows, drawn from its bytes, so that equal files are equal. Models that are
/// billed by the token answer in JSON alone, as OpenAI's do.
/// </summary>
internal static class Transcripts
{
    const double WordsPerSecond = 2.5;
    const int WordsPerSegment = 8;

    /// <summary>Of sound whose header does not tell: 128 kbit/s.</summary>
    const double UsualBytesPerSecond = 16_000;

    /// <summary>Tokens of a second of sound.</summary>
    const int TokensPerSecond = 10;

    public static MediaAnswer Transcribe(FormRequest form, MediaTerms terms) =>
        Plan(form, terms, "transcribe", form.Text("language") ?? "english");

    public static MediaAnswer Translate(FormRequest form, MediaTerms terms) => Plan(form, terms, "translate", "english");

    static MediaAnswer Plan(FormRequest form, MediaTerms terms, string task, string language)
    {
        var sound = form.RequiredFile("file");
        var format = form.Text("response_format") ?? "json";
        if (terms.BillsTokens && format != "json")
        {
            throw FormRequest.Invalid("response_format", $"'{format}' is not compatible with model '{terms.Model}'.");
        }
        if (form.Text("stream") == "true")
        {
            throw FormRequest.Invalid("stream", $"'{terms.Model}' does not stream.");
        }
        var transcript = Hear(sound, task, language, terms.Seed);
        return format switch
        {
            "json" or "verbose_json" => new MediaAnswer
            {
                Usage = terms.BillsTokens ? UsageOf(transcript, form.Text("prompt") ?? "") : Usage.None,
                WriteJson = (writer, told) => Write(
                    writer, transcript, isVerbose: format == "verbose_json", terms.BillsTokens, told),
            },
            "text" => Text(transcript.Text + "\n", "text/plain; charset=utf-8"),
            "srt" => Text(Subtitles(transcript, ','), "text/plain; charset=utf-8"),
            "vtt" => Text("WEBVTT\n\n" + Subtitles(transcript, '.'), "text/vtt; charset=utf-8"),
            _ => throw FormRequest.Invalid("response_format", $"Invalid value: '{format}'."),
        };
    }

    static MediaAnswer Text(string text, string type) =>
        new() { ContentType = type, Body = Encoding.UTF8.GetBytes(text) };

    static Transcript Hear(byte[] sound, string task, string language, ulong seed)
    {
        var isWav = sound.Length > 44 && sound.AsSpan().StartsWith("RIFF"u8);
        var rate = isWav ? BinaryPrimitives.ReadInt32LittleEndian(sound.AsSpan(28)) : UsualBytesPerSecond;
        var seconds = Math.Max(0.1, (isWav ? sound.Length - 44 : sound.Length) / Math.Max(1, rate));
        var words = (int)Math.Clamp(seconds * WordsPerSecond, 3, 5000);
        var text = new WordTokens(SeededRandom.Hash(task, SeededRandom.Hash(sound, seed)), words).ReadAll();
        return new Transcript(task, language, seconds, text);
    }

    static Usage UsageOf(Transcript heard, string prompt)
    {
        var text = prompt.Length == 0 ? 0 : Tokenizer.CountPrompt(Encoding.UTF8.GetByteCount(prompt), 0);
        return new Usage(
            text + (long)Math.Ceiling(heard.Seconds * TokensPerSecond), 0,
            Tokenizer.CountPrompt(Encoding.UTF8.GetByteCount(heard.Text), 0), 0);
    }

    static void Write(Utf8JsonWriter writer, Transcript heard, bool isVerbose, bool tellsTokens, Usage? told)
    {
        writer.WriteStartObject();
        if (isVerbose)
        {
            writer.WriteString("task", heard.Task);
            writer.WriteString("language", heard.Language);
            writer.WriteNumber("duration", heard.Seconds);
        }
        writer.WriteString("text", heard.Text);
        if (isVerbose)
        {
            WriteSegments(writer, heard);
        }
        if (told is { } usage)
        {
            writer.WriteStartObject("usage");
            writer.WriteString("type", tellsTokens ? "tokens" : "duration");
            if (tellsTokens)
            {
                writer.WriteNumber("input_tokens", usage.Prompt);
                writer.WriteNumber("output_tokens", usage.Output);
                writer.WriteNumber("total_tokens", usage.Prompt + usage.Output);
            }
            else
            {
                writer.WriteNumber("seconds", (long)Math.Ceiling(heard.Seconds));
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    static void WriteSegments(Utf8JsonWriter writer, Transcript heard)
    {
        writer.WriteStartArray("segments");
        var id = 0;
        foreach (var segment in heard.Segments())
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", id++);
            writer.WriteNumber("seek", 0);
            writer.WriteNumber("start", segment.Start);
            writer.WriteNumber("end", segment.End);
            writer.WriteString("text", segment.Text);
            writer.WriteStartArray("tokens");
            writer.WriteEndArray();
            writer.WriteNumber("temperature", 0);
            writer.WriteNumber("avg_logprob", -0.25);
            writer.WriteNumber("compression_ratio", 1.25);
            writer.WriteNumber("no_speech_prob", 0.01);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    static string Subtitles(Transcript heard, char point)
    {
        var text = new StringBuilder();
        foreach (var (index, segment) in heard.Segments().Index())
        {
            if (point == ',')
            {
                text.Append(CultureInfo.InvariantCulture, $"{index + 1}\n");
            }
            text.Append(CultureInfo.InvariantCulture, $"{At(segment.Start)} --> {At(segment.End)}\n{segment.Text}\n\n");
        }
        return text.ToString();

        string At(double seconds) => TimeSpan.FromSeconds(seconds)
            .ToString($@"hh\:mm\:ss\{point}fff", CultureInfo.InvariantCulture);
    }

    sealed record Transcript(string Task, string Language, double Seconds, string Text)
    {
        public IEnumerable<(double Start, double End, string Text)> Segments()
        {
            var words = Text.Split(' ');
            var each = Seconds / words.Length;
            for (var at = 0; at < words.Length; at += WordsPerSegment)
            {
                var end = Math.Min(words.Length, at + WordsPerSegment);
                yield return (at * each, end * each, string.Join(' ', words[at..end]));
            }
        }
    }
}
