namespace Sahab.Wire.Json;

/// <summary>
/// A JSON string that grows by the pieces of a stream, each a JSON string itself, so that nothing is unescaped and
/// escaped again on the way.
/// </summary>
sealed class JsonString
{
    const int FirstBytes = 256;

    /// <summary>The string, which always has its closing quote.</summary>
    byte[] _json = [(byte)'"', (byte)'"'];
    int _length = JsonSlice.EmptyText;

    /// <summary>The whole with its quotes, until the next piece is added.</summary>
    public ReadOnlySpan<byte> Json => _json.AsSpan(0, _length);

    /// <summary>Adds a piece.</summary>
    /// <param name="piece">A JSON string with its quotes; nothing adds nothing.</param>
    /// <returns>Bytes that it has grown by.</returns>
    public int Append(ReadOnlySpan<byte> piece)
    {
        if (piece.Length <= JsonSlice.EmptyText)
        {
            return 0;
        }

        int added = piece.Length - JsonSlice.EmptyText;
        if (added > _json.Length - _length)
        {
            Array.Resize(ref _json, Math.Max(FirstBytes, Math.Max(_length + added, _json.Length * 2)));
        }

        // In place of the closing quote comes what follows the piece's opening quote, its own closing quote included.
        piece[1..].CopyTo(_json.AsSpan(_length - 1));
        _length += added;
        return added;
    }
}
