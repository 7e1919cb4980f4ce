using System.Buffers;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Providers;

/// <summary>A provider's stream, read as OpenAI's events.</summary>
internal sealed class TranslatedStream(Stream upstream, IStreamTranslation translation) : Stream
{
    const int InputBytes = 8 * 1024;

    /// <summary>A buffer that has grown beyond this is not kept for the next events.</summary>
    const int KeptBytes = 64 * 1024;

    ArrayBufferWriter<byte> _ready = new(1024);
    int _read;
    bool _ended;

    /// <summary>The provider's own id of the request, where its events tell it.</summary>
    public string? RequestId => translation.RequestId;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Reads whole or partial events. An empty buffer waits until something can be read, without holding a buffer.
    /// </summary>
    /// <exception cref="IOException">The stream ended in the middle of something.</exception>
    /// <exception cref="InvalidDataException">It is not what its protocol allows.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_read == _ready.WrittenCount)
        {
            if (_ended)
            {
                return 0;
            }

            await FillAsync(cancellationToken);
        }

        var ready = _ready.WrittenMemory[_read..];
        var count = Math.Min(buffer.Length, ready.Length);
        ready[..count].CopyTo(buffer);
        _read += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            translation.Dispose();
            upstream.Dispose();
        }

        base.Dispose(disposing);
    }

    async ValueTask FillAsync(CancellationToken cancellation)
    {
        Clear();
        // Wait without holding a buffer: most streams are idle most of the time.
        _ = await upstream.ReadAsync(Memory<byte>.Empty, cancellation);
        var input = ArrayPool<byte>.Shared.Rent(InputBytes);
        try
        {
            var count = await upstream.ReadAsync(input, cancellation);
            _ended = count == 0;
            if (_ended && !translation.Complete(_ready))
            {
                throw new IOException("The stream ended in the middle of something.");
            }

            if (!_ended && !translation.Take(input.AsSpan(0, count), _ready))
            {
                throw new InvalidDataException("The stream is not what the provider's protocol allows.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(input);
        }
    }

    void Clear()
    {
        _read = 0;
        if (_ready.Capacity > KeptBytes)
        {
            _ready = new ArrayBufferWriter<byte>(1024);
        }
        else
        {
            _ready.ResetWrittenCount();
        }
    }
}
