using System.Buffers.Text;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>One pass over one JSON body that is passed through.</summary>
ref struct PassThroughReading
{
    readonly ReadOnlySpan<byte> _body;
    readonly ref RequestFacts _facts;
    JsonCursor _cursor;
    RequestFault? _fault;

    public PassThroughReading(ReadOnlySpan<byte> body, ref RequestFacts facts)
    {
        _body = body;
        _facts = ref facts;
        _cursor = new JsonCursor(body);
    }

    public bool Run(out RequestFault fault)
    {
        fault = default;
        if (_cursor.Peek() != JsonKind.Object && !_cursor.Failed)
        {
            fault = RequestFaults.Describe(_body, RequestRefusal.NotAnObject, RequestMember.None, 0);
            return false;
        }

        _cursor.Enter();
        while (_fault is null && _cursor.NextMember(out JsonText name))
        {
            Read(name);
        }

        _facts.ObjectEnd = _cursor.Position - 1;
        if (_fault is null && _cursor.End())
        {
            return true;
        }

        fault = _fault ?? RequestFaults.NotJson(_body, _cursor.Fault, _cursor.FaultAt);
        return false;
    }

    void Read(JsonText name)
    {
        if (name.Is(_body, "model"u8))
        {
            ReadModel();
        }
        else if (name.Is(_body, "prompt"u8) || name.Is(_body, "input"u8) || name.Is(_body, "instructions"u8))
        {
            ReadPrompt();
        }
        else if (name.Is(_body, "n"u8))
        {
            ReadN();
        }
        else if (name.Is(_body, "stream"u8))
        {
            _facts.Stream |= _cursor.Peek() == JsonKind.True;
            _cursor.Skip();
        }
        else if (name.Is(_body, "stream_format"u8) && _cursor.Peek() == JsonKind.String)
        {
            _facts.Stream |= _cursor.ReadString(out JsonText format) && format.Is(_body, "sse"u8);
        }
        else
        {
            _cursor.Skip();
        }
    }

    void ReadModel()
    {
        JsonKind kind = _cursor.Peek();
        int start = _cursor.Position;
        bool isSecond = _facts.ModelStart > 0;
        if (kind == JsonKind.Null && !isSecond)
        {
            // As good as none; but it is there that the name must stand.
            _cursor.Skip();
            _facts.ModelStart = start;
            return;
        }

        if (kind != JsonKind.String)
        {
            if (_cursor.Skip())
            {
                _fault = RequestFaults.Describe(_body, RequestRefusal.WrongType, RequestMember.Model, start);
            }

            return;
        }

        if (!_cursor.ReadString(out JsonText text))
        {
            return;
        }

        Span<byte> plain = stackalloc byte[RequestFacts.MaxModelBytes];
        bool isText = !text.HasEscapes || text.TryUnescape(_body, plain, out _);
        int bytes = text.HasEscapes ? Math.Min(text.Length, RequestFacts.MaxModelBytes) : text.Length;
        if (PassThroughScanner.TryRefuseModel(_body, bytes, isText, isSecond, out RequestFault fault))
        {
            _fault = fault;
        }

        (_facts.ModelStart, _facts.ModelLength, _facts.ModelHasEscapes) = (start, text.Length + 2, text.HasEscapes);
    }

    /// <summary>A text, or a list of texts and of objects that hold a text or an image.</summary>
    void ReadPrompt()
    {
        if (_cursor.Peek() != JsonKind.Array)
        {
            ReadText();
            return;
        }

        _cursor.Enter();
        while (_cursor.NextElement())
        {
            if (_cursor.Peek() != JsonKind.Object)
            {
                ReadText();
                continue;
            }

            _cursor.Enter();
            while (_cursor.NextMember(out JsonText name))
            {
                if (name.Is(_body, "text"u8))
                {
                    ReadText();
                    continue;
                }

                _facts.ImageCount += name.Is(_body, "image_url"u8) ? 1 : 0;
                _cursor.Skip();
            }
        }
    }

    void ReadText()
    {
        bool isText = _cursor.Peek() == JsonKind.String;
        int start = _cursor.Position;
        _cursor.Skip();
        _facts.PromptBytes += isText ? _cursor.Position - start : 0;
    }

    void ReadN()
    {
        _cursor.Peek();
        int start = _cursor.Position;
        _cursor.Skip();
        ReadOnlySpan<byte> digits = _body[start.._cursor.Position];
        if (Utf8Parser.TryParse(digits, out int count, out int used) && used == digits.Length)
        {
            _facts.N = Math.Clamp(count, 1, RequestFacts.MaxChoices);
        }
    }
}
