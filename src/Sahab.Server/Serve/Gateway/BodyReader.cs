using System.Buffers;
using System.IO.Pipelines;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Why a request body could not be read.</summary>
internal enum BodyFault : byte
{
    None,
    TooLarge,
    Incomplete,
}

/// <summary>A request or reply held whole in one pooled array. Dispose it once, when nothing reads it any more.</summary>
internal struct PooledBody : IDisposable
{
    byte[]? _array;

    public PooledBody(byte[] array, int length)
    {
        _array = array;
        Length = length;
    }

    /// <summary>Bytes in use.</summary>
    public int Length { get; }

    public readonly ReadOnlySpan<byte> Span => _array is null ? default : _array.AsSpan(0, Length);

    public readonly ReadOnlyMemory<byte> Memory => _array is null ? default : _array.AsMemory(0, Length);

    public void Dispose()
    {
        var array = _array;
        _array = null;
        if (array is not null)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}

/// <summary>Reads a request body once, into one pooled array, up to a limit.</summary>
internal static class BodyReader
{
    const int SmallestArray = 4096;

    /// <summary>
    /// The most bytes that are set aside because a length was announced. More is when more has come: so who announces much
    /// and sends little holds little.
    /// </summary>
    public const int MaxBytesInAdvance = 256 * 1024;

    /// <summary>Reads to the end of the body.</summary>
    /// <param name="limit">The most bytes to accept.</param>
    public static async ValueTask<(PooledBody Body, BodyFault Fault)> ReadAsync(
        PipeReader reader, long? contentLength, int limit, CancellationToken cancellation)
    {
        if (contentLength > limit)
        {
            return (default, BodyFault.TooLarge);
        }

        var array = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(contentLength ?? 0, SmallestArray, MaxBytesInAdvance));
        var length = 0;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellation);
                var buffer = read.Buffer;
                if (buffer.Length > limit - length)
                {
                    reader.AdvanceTo(buffer.End);
                    ArrayPool<byte>.Shared.Return(array);
                    return (default, BodyFault.TooLarge);
                }

                var needed = length + (int)buffer.Length;
                if (needed > array.Length)
                {
                    array = Grow(array, length, Math.Max(needed, array.Length * 2));
                }

                buffer.CopyTo(array.AsSpan(length));
                length = needed;
                reader.AdvanceTo(buffer.End);
                if (read.IsCompleted)
                {
                    return (new PooledBody(array, length), BodyFault.None);
                }
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or BadHttpRequestException)
        {
            ArrayPool<byte>.Shared.Return(array);
            var tooLarge = failure is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge };
            return (default, tooLarge ? BodyFault.TooLarge : BodyFault.Incomplete);
        }
    }

    static byte[] Grow(byte[] array, int used, int atLeast)
    {
        var larger = ArrayPool<byte>.Shared.Rent(atLeast);
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(array);
        return larger;
    }
}
