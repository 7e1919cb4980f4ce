using System.Buffers.Binary;
using System.Text;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>
/// Speaks texts, a tone for each byte, as WAV or as the samples alone (<c>pcm</c>): 24 kHz, 16 bits, one channel. It has no
/// other encoders; where no format is asked for it sends WAV and says so, as small servers do.
/// </summary>
internal static class Voices
{
    const int MaxCharacters = 4096;
    const int SampleRate = 24_000;

    /// <summary>Samples of each byte of text: a fiftieth of a second.</summary>
    const int SamplesPerByte = SampleRate / 50;

    public static MediaAnswer Speak(RequestFields fields, MediaTerms terms)
    {
        var text = fields.RequiredText("input");
        if (text.Length is 0 or > MaxCharacters)
        {
            throw fields.Invalid("input", $"'input' must have 1 to {MaxCharacters} characters.", "invalid_value");
        }
        if (fields.Text("stream_format") == "sse")
        {
            throw fields.Invalid("stream_format", "This model speaks without events.", "invalid_value");
        }
        var seed = SeededRandom.Hash(fields.RequiredText("voice"), terms.Seed);
        var isWav = fields.Text("response_format") switch
        {
            null or "wav" => true,
            "pcm" => false,
            var other => throw fields.Invalid(
                "response_format", $"'{other}' is not possible here: there are encoders for 'wav' and 'pcm'.", "invalid_value"),
        };
        var sound = Sound(Encoding.UTF8.GetBytes(text), seed);
        return new MediaAnswer
        {
            ContentType = isWav ? "audio/wav" : "audio/pcm",
            Body = isWav ? (byte[])[.. Header(sound.Length), .. sound] : sound,
        };
    }

    static byte[] Sound(byte[] text, ulong seed)
    {
        var sound = new byte[text.Length * SamplesPerByte * sizeof(short)];
        for (var sample = 0; sample < sound.Length / sizeof(short); sample++)
        {
            var hertz = 100 + (text[sample / SamplesPerByte] ^ (seed & 0xFF)) * 2;
            var value = 8000 * Math.Sin(2 * Math.PI * hertz * sample / SampleRate);
            BinaryPrimitives.WriteInt16LittleEndian(sound.AsSpan(sample * sizeof(short)), (short)value);
        }
        return sound;
    }

    static byte[] Header(int length)
    {
        var header = new byte[44];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), 36 + length);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), SampleRate * sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(32), sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(34), 8 * sizeof(short));
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(40), length);
        return header;
    }
}
