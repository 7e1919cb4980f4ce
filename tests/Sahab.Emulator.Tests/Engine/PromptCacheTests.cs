using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Tests.Engine;

public class PromptCacheTests
{
    [Fact]
    public void Blocks_count_as_cached_as_far_as_they_match_from_the_beginning()
    {
        var cache = new PromptCache(100);
        cache.Touch([1, 2, 3]).ShouldBe(0);
        cache.Touch([1, 2, 3]).ShouldBe(3);
        cache.Touch([1, 2, 9, 3]).ShouldBe(2);
        cache.Touch([9, 1, 2]).ShouldBe(0 + 3);
        cache.Touch([7, 1, 2]).ShouldBe(0);
    }

    [Fact]
    public void The_least_recently_used_block_goes_first()
    {
        var cache = new PromptCache(3);
        cache.Touch([1]);
        cache.Touch([2]);
        cache.Touch([3]);
        cache.Touch([1]).ShouldBe(1);
        cache.Touch([4]).ShouldBe(0);
        cache.Touch([1]).ShouldBe(1);
        cache.Touch([2]).ShouldBe(0);
    }

    [Fact]
    public void A_prompt_larger_than_the_cache_keeps_its_beginning()
    {
        var cache = new PromptCache(2);
        cache.Touch([1, 2, 3, 4]);
        cache.Touch([1, 2, 3, 4]).ShouldBe(2);
    }

    [Fact]
    public void Equal_beginnings_have_equal_block_hashes_and_others_do_not()
    {
        using var first = Prompt("user", new string('a', 640) + "tail one");
        using var second = Prompt("user", new string('a', 640) + "tail two");
        using var other = Prompt("system", new string('a', 640));
        var hashes = first.HashBlocks(16, 5);
        hashes.Length.ShouldBe(10);
        second.HashBlocks(16, 5).ShouldBe(hashes);
        other.HashBlocks(16, 5)[0].ShouldNotBe(hashes[0]);
        hashes.Distinct().Count().ShouldBe(10);
    }

    static PromptText Prompt(string speaker, string text)
    {
        var prompt = new PromptText();
        prompt.Mark(speaker);
        prompt.AddText(text);
        return prompt;
    }
}
