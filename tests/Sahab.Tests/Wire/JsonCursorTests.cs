using System.Text;
using System.Text.Json;
using Sahab.Wire.Json;

namespace Sahab.Tests.Wire;

/// <summary>The cursor is held against the reader of .NET: what one takes for JSON, the other must.</summary>
public sealed class JsonCursorTests
{
    [Fact]
    public void It_takes_and_refuses_what_the_reader_of_dotnet_does()
    {
        var json = new RandomJson(seed: 1);
        for (var i = 0; i < 30_000; i++)
        {
            byte[] good = Encoding.UTF8.GetBytes(json.Value(depth: 4));
            Accepts(good).ShouldBeTrue(Encoding.UTF8.GetString(good));
            byte[] broken = json.Break(good);
            Accepts(broken).ShouldBe(DotnetAccepts(broken), Encoding.UTF8.GetString(broken));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1,")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{,}")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1 2]")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":1]")]
    [InlineData("[1}")]
    [InlineData("01")]
    [InlineData("-")]
    [InlineData("-01")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("+1")]
    [InlineData("1x")]
    [InlineData("nul")]
    [InlineData("nulL")]
    [InlineData("truefalse")]
    [InlineData("\"a")]
    [InlineData("\"\\\"")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12g4\"")]
    [InlineData("\"\\u12\"")]
    [InlineData("\"tab\there\"")]
    [InlineData("{} {}")]
    [InlineData("// comment\n{}")]
    [InlineData("NaN")]
    [InlineData("'a'")]
    public void It_refuses_what_is_not_json(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        DotnetAccepts(bytes).ShouldBeFalse();
        Accepts(bytes).ShouldBeFalse();
    }

    [Theory]
    [InlineData(JsonCursor.MaxDepth, true)]
    [InlineData(JsonCursor.MaxDepth + 1, false)]
    [InlineData(1_000_000, false)]
    public void It_goes_down_to_its_depth_and_no_further(int depth, bool taken)
    {
        Accepts(Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth))).ShouldBe(taken);
    }

    [Fact]
    public void It_unescapes_as_dotnet_does()
    {
        var json = new RandomJson(seed: 2);
        for (var i = 0; i < 20_000; i++)
        {
            string expected = json.Text();
            byte[] bytes = Encoding.UTF8.GetBytes(json.String(expected));
            var cursor = new JsonCursor(bytes);
            cursor.Peek().ShouldBe(JsonKind.String);
            cursor.ReadString(out JsonText text).ShouldBeTrue();
            text.Decode(bytes).ShouldBe(expected);
            byte[] plain = Encoding.UTF8.GetBytes(expected);
            text.Is(bytes, plain).ShouldBe(plain.Length <= 64 || !text.HasEscapes);
            text.Is(bytes, [.. plain, (byte)'x']).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("\"\\ud83d\"")]
    [InlineData("\"\\ud83dx\"")]
    [InlineData("\"\\ude00\\ud83d\"")]
    public void Half_a_surrogate_pair_is_no_text(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        var cursor = new JsonCursor(bytes);
        cursor.Peek();
        cursor.ReadString(out JsonText text).ShouldBeTrue();
        text.TryUnescape(bytes, new byte[64], out _).ShouldBeFalse();
    }

    static bool Accepts(ReadOnlySpan<byte> text)
    {
        var cursor = new JsonCursor(text);
        return cursor.Skip() && cursor.End();
    }

    static bool DotnetAccepts(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = JsonCursor.MaxDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
