using System.Buffers;
using System.Text;
using Sahab.Server.Plan.Replay;

namespace Sahab.Server.Tests.Replay;

public class PromptBookTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(1024)]
    [InlineData(14_050)]
    public void A_text_has_four_plain_bytes_for_each_token(int tokens)
    {
        var text = Write(7, tokens);

        text.Length.ShouldBe(4 * tokens);
        text.ShouldAllBe(letter => letter == ' ' || char.IsAsciiLetterLower(letter));
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(tokens);
    }

    [Fact]
    public void The_shorter_of_two_texts_of_a_conversation_is_a_prefix_of_the_longer()
    {
        Write(7, 2000).ShouldStartWith(Write(7, 300));
        Write(8, 300).ShouldNotBe(Write(7, 300));
    }

    [Fact]
    public void About_half_of_the_prompts_continue_a_conversation()
    {
        var seen = new HashSet<ulong>();
        var book = new PromptBook(seed: 3);

        var continued = Enumerable.Range(0, 20_000).Count(_ => !seen.Add(book.Next().Conversation));

        (continued / 20_000.0).ShouldBe(PromptBook.SharedShare, 0.02);
    }

    [Fact]
    public void The_same_seed_gives_the_same_prompts()
    {
        Draw(5).ShouldBe(Draw(5));
        Draw(5).ShouldNotBe(Draw(6));
    }

    [Fact]
    public void A_conversation_keeps_its_assistant()
    {
        var book = new PromptBook(seed: 3);
        var sources = Enumerable.Range(0, 5000).Select(_ => book.Next()).Distinct().ToList();

        sources.DistinctBy(source => source.Conversation).Count().ShouldBe(sources.Count);
        sources.Select(source => source.Assistant).Distinct().Count().ShouldBe(PromptBook.Assistants);
    }

    static List<PromptSource> Draw(ulong seed)
    {
        var book = new PromptBook(seed);
        return [.. Enumerable.Range(0, 100).Select(_ => book.Next())];
    }

    static string Write(ulong text, int tokens)
    {
        var writer = new ArrayBufferWriter<byte>();
        PromptBook.Write(writer, text, tokens);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }
}
