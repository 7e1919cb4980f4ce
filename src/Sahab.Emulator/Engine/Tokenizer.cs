namespace Sahab.Emulator.Engine;

/// <summary>The emulator's own tokenizer: four bytes of UTF-8 are one token, whatever they say.</summary>
internal static class Tokenizer
{
    public const int BytesPerToken = 4;

    /// <summary>What one image costs, whatever its size.</summary>
    public const int TokensPerImage = 256;

    /// <summary>Tokens of a prompt: a quarter of its bytes rounded up, plus its images, at least 1.</summary>
    public static int CountPrompt(long bytes, int images) =>
        (int)Math.Clamp((bytes + BytesPerToken - 1) / BytesPerToken + (long)images * TokensPerImage, 1, int.MaxValue);

    /// <summary>Where the next token of a text ends: four bytes on, then to the end of the character.</summary>
    public static int EndOfToken(ReadOnlySpan<byte> text, int start)
    {
        var end = Math.Min(text.Length, start + BytesPerToken);
        while (end < text.Length && (text[end] & 0xC0) == 0x80)
        {
            end++;
        }
        return end;
    }
}
