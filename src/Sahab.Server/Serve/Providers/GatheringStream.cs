using System.Buffers;
using System.Buffers.Text;

namespace Sahab.Server.Serve.Providers;

/// <summary>
/// An HTTP/1.1 connection to a provider that sends a request of usual size in one piece. <see cref="HttpClient"/> fills
/// a buffer of 4 KiB, sends it, and then sends the rest: two system calls, two packets and, where there is TLS, two
/// records for each prompt of some length. Here the first piece waits for the rest, whose length the head of the request
/// tells. A request that is larger than <see cref="MaxHeldBytes"/>, or whose length is not told, goes as it comes.
/// </summary>
internal sealed class GatheringStream(Stream inner) : Stream
{
    /// <summary>The largest request, head and body, that is held until it is whole.</summary>
    public const int MaxHeldBytes = 64 * 1024;

    /// <summary>What is left of a request whose length is not known: all that follows goes as it comes.</summary>
    const long Unknown = long.MaxValue;

    /// <summary>Bytes of the present request that were not written yet; 0 between requests.</summary>
    long _left;
    byte[]? _held;
    int _heldBytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer, offset, count, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_held is not null)
        {
            return AddAsync(buffer, cancellationToken);
        }

        var begins = _left == 0;
        if (begins)
        {
            _left = LengthOf(buffer.Span);
        }

        if (_left == Unknown)
        {
            return inner.WriteAsync(buffer, cancellationToken);
        }

        var isLast = buffer.Length >= _left;
        if (begins && !isLast && _left <= MaxHeldBytes)
        {
            _held = ArrayPool<byte>.Shared.Rent((int)_left);
            return AddAsync(buffer, cancellationToken);
        }

        _left = isLast ? 0 : _left - buffer.Length;
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Bytes of the request that begins with these, head and body.</summary>
    static long LengthOf(ReadOnlySpan<byte> request)
    {
        var end = request.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return Unknown;
        }

        var head = request[..end];
        var name = head.IndexOf("\r\nContent-Length: "u8);
        if (name < 0)
        {
            return head.IndexOf("\r\nTransfer-Encoding: "u8) < 0 ? end + 4 : Unknown;
        }

        return Utf8Parser.TryParse(head[(name + "\r\nContent-Length: "u8.Length)..], out long body, out _)
            && body is >= 0 and < int.MaxValue
            ? end + 4 + body
            : Unknown;
    }

    ValueTask AddAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellation)
    {
        // HttpClient itself refuses to write more than it has announced.
        buffer.CopyTo(_held.AsMemory(_heldBytes));
        _heldBytes += buffer.Length;
        _left -= buffer.Length;
        return _left == 0 ? SendHeldAsync(cancellation) : default;
    }

    async ValueTask SendHeldAsync(CancellationToken cancellation)
    {
        var held = _held!;
        await inner.WriteAsync(held.AsMemory(0, _heldBytes), cancellation);
        // Only after a write that has ended: of one that was given up, the socket may still read.
        (_held, _heldBytes) = (null, 0);
        ArrayPool<byte>.Shared.Return(held);
    }
}
