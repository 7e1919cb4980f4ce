using Sahab.Server.Hosting;

namespace Sahab.Server.Tests.Gateway;

public sealed class BlockPoolTests
{
    [Fact]
    public void A_block_that_is_given_back_serves_again_and_no_two_have_it_at_once()
    {
        using var pool = new BlockPool();
        var first = pool.Rent(1);
        first.Memory.Length.ShouldBe(BlockPool.BlockBytes);
        var second = pool.Rent();
        second.Memory.Equals(first.Memory).ShouldBeFalse();
        var bytes = first.Memory;
        first.Dispose();
        first.Dispose();
        pool.Free.ShouldBe(1);
        pool.Rent(BlockPool.BlockBytes).Memory.Equals(bytes).ShouldBeTrue();
        pool.Rent().Memory.Equals(bytes).ShouldBeFalse();
    }

    [Fact]
    public void It_keeps_a_bounded_number_of_free_blocks_and_refuses_larger_ones()
    {
        using var pool = new BlockPool();
        var blocks = Enumerable.Range(0, BlockPool.MaxFree + 10).Select(_ => pool.Rent()).ToList();
        blocks.ForEach(block => block.Dispose());
        pool.Free.ShouldBe(BlockPool.MaxFree);
        Should.Throw<ArgumentOutOfRangeException>(() => pool.Rent(BlockPool.BlockBytes + 1));
    }

    [Fact]
    public async Task Threads_that_rent_and_give_back_never_share_a_block()
    {
        using var pool = new BlockPool();
        var shared = 0;
        await Task.WhenAll(Enumerable.Range(1, 4).Select(worker => Task.Run(() =>
        {
            for (var round = 0; round < 20_000; round++)
            {
                using var block = pool.Rent();
                block.Memory.Span[0] = (byte)worker;
                Thread.SpinWait(5);
                if (block.Memory.Span[0] != worker)
                {
                    Interlocked.Increment(ref shared);
                }
            }
        })));
        shared.ShouldBe(0);
    }
}
