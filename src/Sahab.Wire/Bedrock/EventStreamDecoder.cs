using System.Buffers;
using System.Buffers.Binary;
using Sahab.Wire.Sse;

namespace Sahab.Wire.Bedrock;

/// <summary>What reading on in an event stream brought.</summary>
public enum EventStreamStatus : byte
{
    /// <summary>All bytes are taken, and no whole frame is left.</summary>
    NeedMore,

    /// <summary>A frame.</summary>
    Frame,

    /// <summary>The bytes are no event stream, or were damaged. Nothing more can be read.</summary>
    Broken,
}

/// <summary>
/// Finds the frames of an AWS event stream in bytes that are cut anywhere, and checks both checksums of each. Memory is
/// bounded: a frame that says it is longer than allowed is refused before any of it is kept, and one that is allowed
/// takes no more memory than about twice what has come of it.
/// </summary>
public sealed class EventStreamDecoder : IDisposable
{
    /// <summary>The longest frame unless told otherwise, in bytes.</summary>
    public const int DefaultMaxFrameBytes = SseScanner.DefaultMaxEventBytes;

    const int ShortestFrame = EventStreamFrame.PreludeBytes + EventStreamFrame.TrailerBytes;

    readonly int _limit;
    byte[] _kept = [];
    int _count;
    int _total;
    bool _isTaken;
    bool _isBroken;

    /// <summary>Begins a stream.</summary>
    /// <param name="maxFrameBytes">The longest frame that is read, at least 16 bytes.</param>
    public EventStreamDecoder(int maxFrameBytes = DefaultMaxFrameBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrameBytes, ShortestFrame);
        _limit = maxFrameBytes;
    }

    /// <summary>Whether the bytes so far end where a frame ends.</summary>
    public bool IsBetweenFrames => !_isBroken && (_isTaken || _count == 0);

    /// <summary>Takes bytes up to the end of the next frame.</summary>
    /// <param name="bytes">What arrived; what was taken is cut off.</param>
    /// <param name="frame">
    /// The frame, good until the next call and while <paramref name="bytes"/> stay as they are.
    /// </param>
    public EventStreamStatus Read(ref ReadOnlySpan<byte> bytes, out EventStreamFrame frame)
    {
        frame = default;
        if (_isTaken)
        {
            _isTaken = false;
            _count = 0;
        }

        if (_isBroken)
        {
            return EventStreamStatus.Broken;
        }

        ReadOnlySpan<byte> whole;
        if (_count == 0 && bytes.Length >= EventStreamFrame.PreludeBytes)
        {
            if (!TryReadPrelude(bytes))
            {
                return Break();
            }

            if (bytes.Length >= _total)
            {
                // The usual case: nothing is copied.
                whole = bytes[.._total];
                bytes = bytes[_total..];
                return EventStreamFrame.TryOpen(whole, out frame) ? EventStreamStatus.Frame : Break();
            }
        }

        if (_count < EventStreamFrame.PreludeBytes)
        {
            Keep(ref bytes, EventStreamFrame.PreludeBytes);
            if (_count < EventStreamFrame.PreludeBytes)
            {
                return EventStreamStatus.NeedMore;
            }

            if (!TryReadPrelude(_kept.AsSpan(0, _count)))
            {
                return Break();
            }
        }

        Keep(ref bytes, _total);
        if (_count < _total)
        {
            return EventStreamStatus.NeedMore;
        }

        _isTaken = true;
        whole = _kept.AsSpan(0, _total);
        return EventStreamFrame.TryOpen(whole, out frame) ? EventStreamStatus.Frame : Break();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_kept.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_kept);
            _kept = [];
        }

        _isBroken = true;
    }

    bool TryReadPrelude(ReadOnlySpan<byte> bytes)
    {
        uint total = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        uint headers = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (total < ShortestFrame || total > (uint)_limit || headers > total - ShortestFrame
            || Crc32.Of(bytes[..8]) != BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]))
        {
            return false;
        }

        _total = (int)total;
        return true;
    }

    /// <summary>Keeps bytes until there are so many.</summary>
    void Keep(ref ReadOnlySpan<byte> bytes, int wanted)
    {
        int more = Math.Min(bytes.Length, wanted - _count);
        if (_count + more > _kept.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max((_count + more) * 2, 256));
            _kept.AsSpan(0, _count).CopyTo(larger);
            if (_kept.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_kept);
            }

            _kept = larger;
        }

        bytes[..more].CopyTo(_kept.AsSpan(_count));
        _count += more;
        bytes = bytes[more..];
    }

    EventStreamStatus Break()
    {
        _isBroken = true;
        return EventStreamStatus.Broken;
    }
}
