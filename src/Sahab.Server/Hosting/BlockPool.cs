using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Sahab.Server.Hosting;

/// <summary>Makes the pools in which Kestrel reads and writes.</summary>
internal sealed class BlockPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new BlockPool();
}

/// <summary>
/// Blocks in which a prompt of usual length fits whole. In Kestrel's own, of 4 KiB, such a body comes in pieces, and
/// each piece costs a read of the socket and a turn of the loop that waits for it.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    public const int BlockBytes = 16 * 1024;

    /// <summary>Free blocks kept; what is given back beyond it is left to the garbage collector.</summary>
    public const int MaxFree = 1024;

    readonly ConcurrentQueue<Block> _free = new();
    int _freeCount;
    volatile bool _disposed;

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Free blocks at hand.</summary>
    public int Free => Volatile.Read(ref _freeCount);

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_free.TryDequeue(out var block))
        {
            return new Block(this);
        }

        Interlocked.Decrement(ref _freeCount);
        block.Take();
        return block;
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        _free.Clear();
    }

    void Return(Block block)
    {
        if (_disposed || Interlocked.Increment(ref _freeCount) > MaxFree)
        {
            Interlocked.Decrement(ref _freeCount);
            return;
        }

        _free.Enqueue(block);
    }

    /// <summary>One block, which can be given back once for each time that it was rented.</summary>
    sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        // Pinned where it is born, so that sockets need not pin it for each operation.
        readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
        int _isRented = 1;

        public Memory<byte> Memory => _bytes;

        public void Take() => Volatile.Write(ref _isRented, 1);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isRented, 0) == 1)
            {
                pool.Return(this);
            }
        }
    }
}
