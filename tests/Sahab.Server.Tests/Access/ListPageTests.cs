using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Tests.Access;

public class ListPageTests
{
    static readonly string[] All = ["d", "a", "e", "c", "b"];

    [Theory]
    [InlineData(false, "a b c d e")]
    [InlineData(true, "e d c b a")]
    public void A_list_in_memory_is_told_part_by_part_whole_and_in_order(bool lastFirst, string expected)
    {
        for (var limit = 1; limit <= 6; limit++)
        {
            var (told, after) = (new List<string>(), (string?)"");
            while (after is not null)
            {
                var rows = new ListPage(limit, after).Cut(All, each => each, lastFirst);
                told.AddRange(rows.Take(limit));
                after = rows.Count > limit ? rows[limit - 1] : null;
            }

            string.Join(' ', told).ShouldBe(expected, $"{limit} at a time");
        }
    }
}
