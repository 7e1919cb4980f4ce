using System.Buffers;
using System.Runtime.CompilerServices;

namespace Sahab.Wire.Json;

/// <summary>
/// A strict RFC 8259 reader over a whole document in memory. The caller walks the containers that it cares about and
/// skips the rest; what is skipped is checked all the same. It differs from <c>Utf8JsonReader</c> in two points that
/// matter on this path: a long string with escapes is skipped in vectors throughout, and a bad document is a value to
/// look at, not an exception, so that sending one costs its sender more than its reader.
/// </summary>
/// <remarks>
/// After a fault every method returns false or nothing and the position does not move, so that loops end by themselves;
/// the caller looks at <see cref="Fault"/> once, at the end. UTF-8 inside strings is not looked at.
/// </remarks>
ref struct JsonCursor
{
    /// <summary>Open containers at most.</summary>
    public const int MaxDepth = 128;

    static readonly SearchValues<byte> StringStops = SearchValues.Create(
        [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
            (byte)'"', (byte)'\\',
        ]);

    readonly ReadOnlySpan<byte> _data;
    int _position;
    int _depth;
    bool _opened;

    public JsonCursor(ReadOnlySpan<byte> data)
    {
        _data = data;
        Comma = -1;
    }

    /// <summary>Where the next byte is read.</summary>
    public readonly int Position => _position;

    /// <summary>The offset of the comma before the current member or element; -1 before the first.</summary>
    public int Comma { get; private set; }

    public JsonFault Fault { get; private set; }

    /// <summary>The offset of the byte that is wrong.</summary>
    public int FaultAt { get; private set; }

    public readonly bool Failed => Fault != JsonFault.None;

    /// <summary>
    /// Goes to the next value and tells its kind; <see cref="JsonKind.None"/> when there is no value.
    /// </summary>
    public JsonKind Peek()
    {
        if (Failed)
        {
            return JsonKind.None;
        }

        SkipSpace();
        if ((uint)_position >= (uint)_data.Length)
        {
            return FailKind(JsonFault.EndOfText);
        }

        byte next = _data[_position];
        return next switch
        {
            (byte)'"' => JsonKind.String,
            (byte)'{' => JsonKind.Object,
            (byte)'[' => JsonKind.Array,
            (byte)'t' => JsonKind.True,
            (byte)'f' => JsonKind.False,
            (byte)'n' => JsonKind.Null,
            (byte)'-' => JsonKind.Number,
            >= (byte)'0' and <= (byte)'9' => JsonKind.Number,
            _ => FailKind(JsonFault.UnexpectedByte),
        };
    }

    /// <summary>Enters the object or array that <see cref="Peek"/> saw.</summary>
    public bool Enter()
    {
        if (Failed)
        {
            return false;
        }

        if (_depth == MaxDepth)
        {
            return Fail(JsonFault.TooDeep, _position);
        }

        _depth++;
        _position++;
        _opened = true;
        return true;
    }

    /// <summary>Goes to the next member's value. False at the end of the object, which is then left.</summary>
    public bool NextMember(out JsonText name)
    {
        name = default;
        if (!NextItem((byte)'}'))
        {
            return false;
        }

        if ((uint)_position >= (uint)_data.Length)
        {
            return Fail(JsonFault.EndOfText, _position);
        }

        if (_data[_position] != (byte)'"')
        {
            return Fail(JsonFault.ExpectedName, _position);
        }

        if (!ReadString(out name))
        {
            return false;
        }

        SkipSpace();
        if ((uint)_position >= (uint)_data.Length)
        {
            return Fail(JsonFault.EndOfText, _position);
        }

        if (_data[_position] != (byte)':')
        {
            return Fail(JsonFault.ExpectedColon, _position);
        }

        _position++;
        return true;
    }

    /// <summary>Goes to the next element. False at the end of the array, which is then left.</summary>
    public bool NextElement() => NextItem((byte)']');

    /// <summary>Reads the string at the position, which must be its opening quote.</summary>
    public bool ReadString(out JsonText text)
    {
        int start = _position + 1;
        int at = start;
        var escapes = false;
        while (true)
        {
            int stop = _data[at..].IndexOfAny(StringStops);
            if (stop < 0)
            {
                text = default;
                return Fail(JsonFault.UnterminatedString, start - 1);
            }

            at += stop;
            byte found = _data[at];
            if (found == (byte)'"')
            {
                text = new JsonText(start, at - start, escapes);
                _position = at + 1;
                return true;
            }

            if (found != (byte)'\\')
            {
                text = default;
                return Fail(JsonFault.ControlInString, at);
            }

            int length = EscapeLength(_data[at..]);
            if (length == 0)
            {
                text = default;
                return Fail(JsonFault.BadEscape, at);
            }

            escapes = true;
            at += length;
        }
    }

    /// <summary>Goes past the next value, checking it.</summary>
    public bool Skip()
    {
        switch (Peek())
        {
            case JsonKind.String:
                return ReadString(out _);
            case JsonKind.Number:
                return SkipNumber();
            case JsonKind.Object:
                if (!Enter())
                {
                    return false;
                }

                while (NextMember(out _))
                {
                    Skip();
                }

                return !Failed;
            case JsonKind.Array:
                if (!Enter())
                {
                    return false;
                }

                while (NextElement())
                {
                    Skip();
                }

                return !Failed;
            case JsonKind.True:
                return SkipLiteral("true"u8);
            case JsonKind.False:
                return SkipLiteral("false"u8);
            case JsonKind.Null:
                return SkipLiteral("null"u8);
            default:
                return false;
        }
    }

    /// <summary>Goes past the next value and tells where it is; empty where there is none.</summary>
    public Range TakeValue()
    {
        Peek();
        int start = _position;
        return Skip() ? start.._position : default;
    }

    /// <summary>Whether the document ends here, but for white space.</summary>
    public bool End()
    {
        if (Failed)
        {
            return false;
        }

        SkipSpace();
        return _position == _data.Length || Fail(JsonFault.TrailingText, _position);
    }

    bool NextItem(byte close)
    {
        if (Failed)
        {
            return false;
        }

        bool first = _opened;
        _opened = false;
        SkipSpace();
        if ((uint)_position >= (uint)_data.Length)
        {
            return Fail(JsonFault.EndOfText, _position);
        }

        byte next = _data[_position];
        if (next == close)
        {
            _position++;
            _depth--;
            return false;
        }

        if (first)
        {
            Comma = -1;
            return true;
        }

        if (next != (byte)',')
        {
            return Fail(JsonFault.ExpectedCommaOrEnd, _position);
        }

        Comma = _position++;
        SkipSpace();
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void SkipSpace()
    {
        if ((uint)_position < (uint)_data.Length && _data[_position] <= (byte)' ')
        {
            SkipSpaces();
        }
    }

    void SkipSpaces()
    {
        while ((uint)_position < (uint)_data.Length
            && _data[_position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _position++;
        }
    }

    bool SkipLiteral(ReadOnlySpan<byte> literal)
    {
        if (!_data[_position..].StartsWith(literal))
        {
            return Fail(JsonFault.BadLiteral, _position);
        }

        _position += literal.Length;
        return true;
    }

    bool SkipNumber()
    {
        int start = _position;
        int at = start;
        if (_data[at] == (byte)'-')
        {
            at++;
        }

        int whole = Digits(at);
        bool good = whole > 0 && (whole == 1 || _data[at] != (byte)'0');
        at += whole;
        if (good && at < _data.Length && _data[at] == (byte)'.')
        {
            int fraction = Digits(at + 1);
            good = fraction > 0;
            at += 1 + fraction;
        }

        if (good && at < _data.Length && (_data[at] | 0x20) == (byte)'e')
        {
            at++;
            if (at < _data.Length && _data[at] is (byte)'+' or (byte)'-')
            {
                at++;
            }

            int exponent = Digits(at);
            good = exponent > 0;
            at += exponent;
        }

        if (!good)
        {
            return Fail(JsonFault.BadNumber, start);
        }

        _position = at;
        return true;
    }

    readonly int Digits(int at)
    {
        int start = at;
        while ((uint)at < (uint)_data.Length && (uint)(_data[at] - '0') <= 9)
        {
            at++;
        }

        return at - start;
    }

    /// <summary>The length of the escape that the text begins with; 0 when it is none.</summary>
    static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        switch (text[1])
        {
            case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                return 2;
            case (byte)'u' when text.Length >= 6 && char.IsAsciiHexDigit((char)text[2])
                && char.IsAsciiHexDigit((char)text[3]) && char.IsAsciiHexDigit((char)text[4])
                && char.IsAsciiHexDigit((char)text[5]):
                return 6;
            default:
                return 0;
        }
    }

    JsonKind FailKind(JsonFault fault)
    {
        Fail(fault, _position);
        return JsonKind.None;
    }

    bool Fail(JsonFault fault, int at)
    {
        if (Fault == JsonFault.None)
        {
            Fault = fault;
            FaultAt = at;
        }

        return false;
    }
}
