using System.Text;

namespace Sahab.Emulator.Engine;

/// <summary>The tokens of a text: each is one delta of a stream.</summary>
internal abstract class TokenSource(int count)
{
    int _lastLength = int.MaxValue;

    public int Count { get; private set; } = count;

    /// <summary>Which of the stop strings ended the text; -1 for none.</summary>
    public int StoppedBy { get; private set; } = -1;

    public ReadOnlySpan<byte> At(int index)
    {
        var token = TokenAt(index);
        return index == Count - 1 && _lastLength < token.Length ? token[.._lastLength] : token;
    }

    public void Truncate(int count) => Count = Math.Min(Count, count);

    /// <summary>Ends the text before the first of the stop strings; tells whether there was one.</summary>
    public bool StopAt(IReadOnlyList<byte[]> stops)
    {
        var longest = stops.Max(s => s.Length);
        var text = new List<byte>();
        for (var i = 0; i < Count; i++)
        {
            var before = text.Count;
            text.AddRange(TokenAt(i));
            var from = Math.Max(0, before - longest + 1);
            var seen = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text)[from..];
            var found = -1;
            for (var stop = 0; stop < stops.Count; stop++)
            {
                var position = seen.IndexOf(stops[stop]);
                if (position >= 0 && (found < 0 || position < found))
                {
                    (found, StoppedBy) = (position, stop);
                }
            }
            if (found >= 0)
            {
                EndAt(from + found);
                return true;
            }
        }
        return false;
    }

    public string ReadAll()
    {
        var text = new List<byte>();
        for (var i = 0; i < Count; i++)
        {
            text.AddRange(At(i));
        }
        return Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text));
    }

    protected abstract ReadOnlySpan<byte> TokenAt(int index);

    void EndAt(int length)
    {
        var count = 0;
        for (; length > 0; count++)
        {
            _lastLength = length;
            length -= TokenAt(count).Length;
        }
        Count = count;
    }
}

/// <summary>Prose without end from a seed: nothing is stored, every token can be computed.</summary>
internal sealed class WordTokens(ulong seed, int count) : TokenSource(count)
{
    /// <summary>Every so many tokens one is a full stop.</summary>
    const int SentenceTokens = 14;

    static readonly byte[][] Words = [.. (
        "the cloud holds water over every field and carries rain to hills where people wait for morning light while "
        + "rivers turn slow wheels under stone bridges before evening ships bring copper salt paper glass and wool "
        + "from far harbours into quiet streets with lamps that burn until winter ends when birds return across open "
        + "sea then children count stars beside warm fires as old songs tell of roads between mountains"
        ).Split(' ').Distinct().Select(word => Encoding.UTF8.GetBytes(" " + word))];

    protected override ReadOnlySpan<byte> TokenAt(int index)
    {
        if (index % SentenceTokens == SentenceTokens - 1)
        {
            return "."u8;
        }
        var word = Words[SeededRandom.Mix(seed, (ulong)index) % (ulong)Words.Length];
        return index == 0 ? word.AsSpan(1) : word;
    }
}

/// <summary>A given text, cut as the tokenizer cuts, and padded with spaces where more tokens are asked for.</summary>
internal sealed class SlicedTokens : TokenSource
{
    readonly byte[] _text;
    readonly int[] _ends;

    SlicedTokens(byte[] text, int[] ends, int count) : base(count) => (_text, _ends) = (text, ends);

    public static SlicedTokens Of(byte[] text, int atLeast = 1)
    {
        var ends = new List<int>();
        for (var end = 0; end < text.Length;)
        {
            ends.Add(end = Tokenizer.EndOfToken(text, end));
        }
        return new SlicedTokens(text, [.. ends], Math.Max(ends.Count, atLeast));
    }

    protected override ReadOnlySpan<byte> TokenAt(int index)
    {
        if (index >= _ends.Length)
        {
            return " "u8;
        }
        var start = index == 0 ? 0 : _ends[index - 1];
        return _text.AsSpan(start, _ends[index] - start);
    }
}
