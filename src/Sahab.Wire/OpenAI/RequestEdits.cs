using System.Buffers;
using System.Runtime.CompilerServices;

namespace Sahab.Wire.OpenAI;

/// <summary>One change of a body.</summary>
/// <param name="Offset">Where it is, in bytes of the original body.</param>
/// <param name="RemoveLength">Bytes of the original that go.</param>
/// <param name="Insert">Bytes that come in their place.</param>
public readonly record struct RequestEdit(int Offset, int RemoveLength, ReadOnlyMemory<byte> Insert);

/// <summary>
/// The few changes that a request needs on its way to a provider, in the order of their offsets, so that the body
/// is sent as slices of the original with insertions between and is never copied.
/// </summary>
public struct RequestEdits
{
    /// <summary>Changes at most.</summary>
    public const int MaxCount = 6;

    static readonly byte[] True = "true"u8.ToArray();
    static readonly byte[] NewOptions = "{\"include_usage\":true}"u8.ToArray();
    static readonly byte[] NewRunningOptions =
        "{\"include_usage\":true,\"continuous_usage_stats\":true}"u8.ToArray();
    static readonly byte[] OptionsMember = ",\"stream_options\":{\"include_usage\":true}"u8.ToArray();
    static readonly byte[] RunningOptionsMember =
        ",\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true}"u8.ToArray();
    static readonly byte[] UsageOption = ",\"include_usage\":true"u8.ToArray();
    static readonly byte[] RunningOption = ",\"continuous_usage_stats\":true"u8.ToArray();
    static readonly byte[] BothOptions = ",\"include_usage\":true,\"continuous_usage_stats\":true"u8.ToArray();

    EditList _edits;
    int _change;

    [InlineArray(MaxCount)]
    struct EditList
    {
        RequestEdit _first;
    }

    /// <summary>The number of changes: 0 to <see cref="MaxCount"/>.</summary>
    public int Count { get; private set; }

    /// <summary>A change, in the order of offsets.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public readonly RequestEdit this[int index] => index >= 0 && index < Count
        ? _edits[index]
        : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>Says what changes.</summary>
    /// <param name="facts">What the scanner found.</param>
    /// <param name="upstreamModel">
    /// The provider's name of the model as a JSON string, quotes included; empty to leave it.
    /// </param>
    /// <param name="wantUsage">
    /// Have the usage sent at the end of a stream. Means nothing to a request that is not streamed.
    /// </param>
    /// <param name="wantRunningUsage">Have running usage sent on every chunk too, which only vLLM knows.</param>
    /// <param name="dropServiceTier">Take <c>service_tier</c> out, for providers that refuse it.</param>
    public static RequestEdits Plan(
        in RequestFacts facts,
        ReadOnlyMemory<byte> upstreamModel,
        bool wantUsage,
        bool wantRunningUsage = false,
        bool dropServiceTier = false)
    {
        var edits = default(RequestEdits);
        if (!upstreamModel.IsEmpty)
        {
            edits.Add(new RequestEdit(facts.ModelStart, facts.ModelLength, upstreamModel));
        }

        if (dropServiceTier && facts.TierLength > 0)
        {
            edits.Add(new RequestEdit(facts.TierStart, facts.TierLength, default));
        }

        if (facts.Stream && (wantUsage || wantRunningUsage))
        {
            edits.AskForUsage(facts, wantRunningUsage);
        }

        return edits;
    }

    /// <summary>One change alone.</summary>
    /// <param name="edit">The change.</param>
    internal static RequestEdits Of(in RequestEdit edit)
    {
        var edits = default(RequestEdits);
        edits.Add(edit);
        return edits;
    }

    /// <summary>The length of the changed body in bytes.</summary>
    /// <param name="bodyLength">The length of the original in bytes.</param>
    public readonly long ContentLength(long bodyLength) => bodyLength + _change;

    /// <summary>The changed body as slices of the original and insertions, in order; none is empty.</summary>
    /// <param name="body">The body that was scanned.</param>
    public readonly BodySegments Segments(ReadOnlyMemory<byte> body) => new(this, body);

    /// <summary>Writes the changed body.</summary>
    /// <param name="body">The body that was scanned.</param>
    /// <param name="output">Where it goes.</param>
    public readonly void WriteTo(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var at = 0;
        for (var i = 0; i < Count; i++)
        {
            output.Write(body[at.._edits[i].Offset]);
            output.Write(_edits[i].Insert.Span);
            at = _edits[i].Offset + _edits[i].RemoveLength;
        }

        output.Write(body[at..]);
    }

    void AskForUsage(in RequestFacts facts, bool running)
    {
        if (!facts.HasStreamOptions)
        {
            if (facts.StreamOptionsLength > 0)
            {
                // It is there and null.
                byte[] options = running ? NewRunningOptions : NewOptions;
                Add(new RequestEdit(facts.StreamOptionsStart, facts.StreamOptionsLength, options));
                return;
            }

            Add(new RequestEdit(facts.ObjectEnd, 0, running ? RunningOptionsMember : OptionsMember));
            return;
        }

        bool addUsage = facts.IncludeUsageLength == 0;
        bool addRunning = running && facts.RunningUsageLength == 0;
        if (!addUsage && !facts.IncludeUsage)
        {
            Add(new RequestEdit(facts.IncludeUsageStart, facts.IncludeUsageLength, True));
        }

        if (running && !addRunning && !facts.RunningUsage)
        {
            Add(new RequestEdit(facts.RunningUsageStart, facts.RunningUsageLength, True));
        }

        if (addUsage || addRunning)
        {
            ReadOnlyMemory<byte> options = !addRunning ? UsageOption : addUsage ? BothOptions : RunningOption;
            int end = facts.StreamOptionsStart + facts.StreamOptionsLength - 1;
            Add(new RequestEdit(end, 0, facts.StreamOptionsEmpty ? options[1..] : options));
        }
    }

    void Add(RequestEdit edit)
    {
        int at = Count++;
        while (at > 0 && _edits[at - 1].Offset > edit.Offset)
        {
            _edits[at] = _edits[at - 1];
            at--;
        }

        _edits[at] = edit;
        _change += edit.Insert.Length - edit.RemoveLength;
    }
}

/// <summary>The pieces of a changed body, in order. Usable in an async method.</summary>
public struct BodySegments
{
    readonly RequestEdits _edits;
    readonly ReadOnlyMemory<byte> _body;
    int _next;
    int _at;
    bool _insert;

    internal BodySegments(in RequestEdits edits, ReadOnlyMemory<byte> body)
    {
        _edits = edits;
        _body = body;
    }

    /// <summary>The piece that <see cref="MoveNext"/> came to.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Itself, for <c>foreach</c>.</summary>
    public readonly BodySegments GetEnumerator() => this;

    /// <summary>Goes to the next piece that is not empty.</summary>
    public bool MoveNext()
    {
        while (_next < _edits.Count)
        {
            RequestEdit edit = _edits[_next];
            if (_insert)
            {
                _insert = false;
                _next++;
                Current = edit.Insert;
            }
            else
            {
                _insert = true;
                Current = _body[_at..edit.Offset];
                _at = edit.Offset + edit.RemoveLength;
            }

            if (!Current.IsEmpty)
            {
                return true;
            }
        }

        Current = _body[_at..];
        _at = _body.Length;
        return !Current.IsEmpty;
    }
}
