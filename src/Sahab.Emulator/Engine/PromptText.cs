using System.Buffers;
using System.Text;

namespace Sahab.Emulator.Engine;

/// <summary>
/// The bytes of one prompt, in order, with the places where a new speaker begins. Pooled: dispose it early.
/// </summary>
internal sealed class PromptText : IDisposable
{
    readonly List<(int Offset, ulong Mark)> _marks = [];
    byte[] _bytes = ArrayPool<byte>.Shared.Rent(1024);

    public int Length { get; private set; }

    public int Images { get; private set; }

    /// <summary>Prompt tokens that were given as token ids, not as text.</summary>
    public int Ids { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public int Tokens => Tokenizer.CountPrompt(Length + (long)Ids * Tokenizer.BytesPerToken, Images);

    public void Mark(string speaker) => _marks.Add((Length, SeededRandom.Hash(speaker, 17)));

    public void AddText(string text)
    {
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        Reserve(size);
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    public void AddImage(string source)
    {
        Images++;
        _marks.Add((Length, SeededRandom.Hash(source, 31)));
    }

    public void AddId(long id)
    {
        Ids++;
        _marks.Add((Length, SeededRandom.Mix((ulong)id, 47)));
    }

    /// <summary>One hash for the whole prompt.</summary>
    public ulong Fingerprint(ulong seed)
    {
        var hash = SeededRandom.Hash(Bytes, seed);
        foreach (var (offset, mark) in _marks)
        {
            hash = SeededRandom.Mix(hash, mark + (ulong)offset);
        }
        return hash;
    }

    /// <summary>A chained hash per whole block of text: equal hashes mean equal prefixes.</summary>
    public ulong[] HashBlocks(int blockTokens, ulong seed)
    {
        var size = blockTokens * Tokenizer.BytesPerToken;
        var hashes = new ulong[Length / size];
        var next = 0;
        for (var i = 0; i < hashes.Length; i++)
        {
            for (; next < _marks.Count && _marks[next].Offset < (i + 1) * size; next++)
            {
                seed = SeededRandom.Mix(seed, _marks[next].Mark + (ulong)_marks[next].Offset);
            }
            hashes[i] = seed = SeededRandom.Hash(Bytes.Slice(i * size, size), seed);
        }
        return hashes;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    void Reserve(int more)
    {
        if (_bytes.Length - Length >= more)
        {
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + more, _bytes.Length * 2));
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
