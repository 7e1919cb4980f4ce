using System.Buffers.Text;
using System.Text.Unicode;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// One pass over one body of <c>multipart/form-data</c> (RFC 7578). Only the delimiters and the headers of the parts are
/// looked at, and the values of the few fields that matter; files are gone over for the next delimiter, in vectors.
/// </summary>
ref struct FormReading
{
    /// <summary>The headers of one part at most, in bytes.</summary>
    const int MaxHeaderBytes = 16 * 1024;

    readonly ReadOnlySpan<byte> _body;

    /// <summary>The delimiter with the line break before it, which is not the part's.</summary>
    readonly ReadOnlySpan<byte> _delimiter;
    readonly ref RequestFacts _facts;

    public FormReading(ReadOnlySpan<byte> body, ReadOnlySpan<byte> delimiter, ref RequestFacts facts)
    {
        _body = body;
        _delimiter = delimiter;
        _facts = ref facts;
    }

    public static RequestFault Faulty(string message) => new(message, null, "invalid_multipart");

    public bool Run(out RequestFault fault)
    {
        fault = default;
        int at = _body.StartsWith(_delimiter[2..]) && EndOfDelimiter(_delimiter.Length - 2) >= 0
            ? -2
            : NextDelimiter(0);
        while (at + _delimiter.Length <= _body.Length && (at >= 0 || at == -2))
        {
            int start = EndOfDelimiter(at + _delimiter.Length);
            if (start == 0)
            {
                _facts.ObjectEnd = at + 2;
                return true;
            }

            int end = NextDelimiter(start - 2);
            if (end < 0)
            {
                break;
            }

            if (!ReadPart(_body[start..Math.Max(start, end)], start, ref fault))
            {
                return false;
            }

            at = end;
        }

        fault = Faulty(
            "The form does not end with the boundary that the content type names. Send it whole, with the boundary of its "
            + "own header.");
        return false;
    }

    /// <summary>
    /// What follows the boundary: 0 where it closes the form, else where the part begins; negative where it is none, but
    /// bytes of a file that look like one.
    /// </summary>
    readonly int EndOfDelimiter(int at)
    {
        ReadOnlySpan<byte> rest = _body[at..];
        bool closes = rest.StartsWith("--"u8);
        rest = closes ? rest[2..] : rest;
        int spaces = rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        spaces = spaces < 0 ? rest.Length : spaces;
        rest = rest[spaces..];
        return rest.StartsWith("\r\n"u8) ? (closes ? 0 : at + spaces + 2) : closes && rest.IsEmpty ? 0 : -1;
    }

    /// <summary>The line break before the next delimiter, or a negative number.</summary>
    readonly int NextDelimiter(int from)
    {
        while (true)
        {
            int found = _body[from..].IndexOf(_delimiter);
            if (found < 0 || EndOfDelimiter(from + found + _delimiter.Length) >= 0)
            {
                return found < 0 ? -1 : from + found;
            }

            from += found + _delimiter.Length;
        }
    }

    bool ReadPart(ReadOnlySpan<byte> part, int start, ref RequestFault fault)
    {
        int headers = part.StartsWith("\r\n"u8) ? 0 : part[..Math.Min(part.Length, MaxHeaderBytes)].IndexOf("\r\n\r\n"u8);
        if (headers <= 0)
        {
            fault = Faulty(
                $"A part of the form has no headers, or more than {MaxHeaderBytes} bytes of them. Each needs a "
                + "Content-Disposition with its name.");
            return false;
        }

        ReadOnlySpan<byte> value = part[(headers + 4)..];
        ReadOnlySpan<byte> name = ReadName(part[..headers], out bool isFile);
        if (isFile)
        {
            bool isImage = name.StartsWith("image"u8) || name.SequenceEqual("mask"u8);
            _facts.ImageCount += isImage ? 1 : 0;
            _facts.PromptTokenIds += isImage ? 0 : value.Length / PassThroughScanner.SoundBytesPerToken;
            return true;
        }

        if (name.SequenceEqual("model"u8))
        {
            if (PassThroughScanner.TryRefuseModel(
                _body, value.Length, Utf8.IsValid(value), _facts.ModelLength > 0, out fault))
            {
                return false;
            }

            (_facts.ModelStart, _facts.ModelLength) = (start + headers + 4, value.Length);
        }
        else if (name.SequenceEqual("prompt"u8))
        {
            _facts.PromptBytes += value.Length;
        }
        else if (name.SequenceEqual("n"u8) && Utf8Parser.TryParse(value, out int count, out int used)
            && used == value.Length)
        {
            _facts.N = Math.Clamp(count, 1, RequestFacts.MaxChoices);
        }
        else if (name.SequenceEqual("stream"u8))
        {
            _facts.Stream = value.SequenceEqual("true"u8) || value.SequenceEqual("True"u8) || value.SequenceEqual("1"u8);
        }

        return true;
    }

    /// <summary>The field's name, and whether it is a file. A name with escapes is none of those that matter.</summary>
    static ReadOnlySpan<byte> ReadName(ReadOnlySpan<byte> headers, out bool isFile)
    {
        isFile = false;
        ReadOnlySpan<byte> name = default;
        while (!headers.IsEmpty)
        {
            int end = headers.IndexOf("\r\n"u8);
            ReadOnlySpan<byte> line = end < 0 ? headers : headers[..end];
            headers = end < 0 ? default : headers[(end + 2)..];
            int colon = line.IndexOf((byte)':');
            if (colon > 0 && System.Text.Ascii.EqualsIgnoreCase(line[..colon], "content-disposition"u8))
            {
                ReadParameters(line[(colon + 1)..], ref name, ref isFile);
            }
        }

        return name;
    }

    static void ReadParameters(ReadOnlySpan<byte> text, scoped ref ReadOnlySpan<byte> name, ref bool isFile)
    {
        int next = text.IndexOf((byte)';');
        while (next >= 0)
        {
            text = text[(next + 1)..].TrimStart(" \t"u8);
            int equals = text.IndexOfAny((byte)'=', (byte)';');
            if (equals < 0 || text[equals] == (byte)';')
            {
                next = equals;
                continue;
            }

            ReadOnlySpan<byte> key = text[..equals].TrimEnd(" \t"u8);
            text = text[(equals + 1)..].TrimStart(" \t"u8);
            ReadOnlySpan<byte> value = ReadValue(ref text);
            if (System.Text.Ascii.EqualsIgnoreCase(key, "name"u8))
            {
                name = value;
            }

            isFile |= System.Text.Ascii.EqualsIgnoreCase(key, "filename"u8)
                || System.Text.Ascii.EqualsIgnoreCase(key, "filename*"u8);
            next = text.IndexOf((byte)';');
        }
    }

    /// <summary>A token, or what stands between quotes; the text goes on after it.</summary>
    static ReadOnlySpan<byte> ReadValue(scoped ref ReadOnlySpan<byte> text)
    {
        int length;
        if (text.IsEmpty || text[0] != (byte)'"')
        {
            length = text.IndexOf((byte)';');
            length = length < 0 ? text.Length : length;
            ReadOnlySpan<byte> token = text[..length].TrimEnd(" \t"u8);
            text = text[length..];
            return token;
        }

        length = 1;
        while (length < text.Length && text[length] != (byte)'"')
        {
            length += text[length] == (byte)'\\' ? 2 : 1;
        }

        length = Math.Min(length, text.Length);
        ReadOnlySpan<byte> quoted = text[1..length];
        text = text[Math.Min(length + 1, text.Length)..];
        return quoted;
    }
}
