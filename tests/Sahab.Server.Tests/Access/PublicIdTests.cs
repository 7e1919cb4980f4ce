using Sahab.Server.Hosting;

namespace Sahab.Server.Tests.Access;

public class PublicIdTests
{
    [Fact]
    public void An_id_is_its_kind_and_26_characters_and_is_read_back()
    {
        var ids = new IdSource(TimeProvider.System, 1);
        for (var i = 0; i < 100; i++)
        {
            var id = ids.Next();
            var text = PublicId.Make("org", id);

            text.ShouldMatch("^org_[0-7][0-9a-hjkmnp-tv-z]{25}$");
            PublicId.TryParse("org", text, out var read).ShouldBeTrue();
            read.ShouldBe(id);
        }
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000", "org_00000000000000000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff", "org_7zzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("00000000-0000-0000-0000-000000000021", "org_00000000000000000000000011")]
    public void The_bits_are_in_the_order_of_the_uuid(string id, string text) =>
        PublicId.Make("org", Guid.Parse(id)).ShouldBe(text);

    [Fact]
    public void Ids_sort_as_they_were_made()
    {
        var ids = new IdSource(TimeProvider.System, 1);
        var made = Enumerable.Range(0, 100).Select(_ => PublicId.Make("key", ids.Next())).ToList();

        made.Order(StringComparer.Ordinal).ShouldBe(made);
    }

    [Theory]
    [InlineData("")]
    [InlineData("org_")]
    [InlineData("prj_00000000000000000000000011")]
    [InlineData("org_0000000000000000000000001")]
    [InlineData("org_000000000000000000000000011")]
    [InlineData("org_80000000000000000000000000")]
    [InlineData("org_0000000000000000000000000u")]
    [InlineData("org_0000000000000000000000000A")]
    [InlineData("org-00000000000000000000000011")]
    public void What_is_not_written_so_is_none(string text) => PublicId.TryParse("org", text, out _).ShouldBeFalse();
}
