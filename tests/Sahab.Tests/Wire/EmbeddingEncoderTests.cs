using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class EmbeddingEncoderTests
{
    [Fact]
    public void Numbers_become_base64_and_everything_else_stays_as_it_was()
    {
        float[] vector = [0.5f, -1.25f, 3f];
        string base64 = Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan()));
        string reply = """{ "object":"list", "data":[ {"object":"embedding","index":0,"embedding": [0.5, -1.25 ,3]  , "x":[1,2]} ],"embedding":[7],"model":"m","usage":{"prompt_tokens":1,"total_tokens":1} }""";
        string expected = reply.Replace("[0.5, -1.25 ,3]", $"\"{base64}\"", StringComparison.Ordinal);
        Convert64(reply, EmbeddingEncoding.Base64).ShouldBe(expected);
    }

    [Fact]
    public void Base64_becomes_numbers_even_with_its_slashes_escaped()
    {
        float[] vector = [MathF.PI, -1e-7f, float.MaxValue, float.Epsilon, -0f];
        string base64 = Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan()));
        base64.ShouldContain("/");
        string reply = $$"""{"data":[{"embedding":"{{base64.Replace("/", "\\/", StringComparison.Ordinal)}}"}]}""";
        string converted = Convert64(reply, EmbeddingEncoding.Float)!;
        Numbers(converted).ShouldBe(vector.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void What_is_in_the_wanted_form_already_stays()
    {
        const string numbers = """{"data":[{"embedding":[1.50,2]}]}""";
        Convert64(numbers, EmbeddingEncoding.Float).ShouldBe(numbers);
        Convert64(numbers, EmbeddingEncoding.Absent).ShouldBe(numbers);
        const string base64 = """{"data":[{"embedding":"AADAPw=="}]}""";
        Convert64(base64, EmbeddingEncoding.Base64).ShouldBe(base64);
        Convert64(base64, EmbeddingEncoding.Float).ShouldBe("""{"data":[{"embedding":[1.5]}]}""");
        Convert64("""{"data":[{"embedding":[]},{"embedding":""},3],"x":1}""", EmbeddingEncoding.Base64)
            .ShouldBe("""{"data":[{"embedding":""},{"embedding":""},3],"x":1}""");
    }

    [Theory]
    [InlineData("""{"data":[{"embedding":[1,"a"]}]}""", EmbeddingEncoding.Base64)]
    [InlineData("""{"data":[{"embedding":[1,null]}]}""", EmbeddingEncoding.Base64)]
    [InlineData("""{"data":[{"embedding":[1e99]}]}""", EmbeddingEncoding.Base64)]
    [InlineData("""{"data":[{"embedding":[1,]}]}""", EmbeddingEncoding.Base64)]
    [InlineData("""{"data":[{"embedding":"AAAA"}]}""", EmbeddingEncoding.Float)]
    [InlineData("""{"data":[{"embedding":"not base64!"}]}""", EmbeddingEncoding.Float)]
    [InlineData("""{"data":[{"embedding":"AADAfw=="}]}""", EmbeddingEncoding.Float)]
    [InlineData("""{"data":[{"embedding":[1""", EmbeddingEncoding.Base64)]
    [InlineData("[]", EmbeddingEncoding.Base64)]
    [InlineData("", EmbeddingEncoding.Float)]
    public void What_has_no_exact_other_form_is_refused(string reply, EmbeddingEncoding wanted) =>
        Convert64(reply, wanted).ShouldBeNull();

    [Fact]
    public void Any_vector_survives_the_way_there_and_back_bit_for_bit() =>
        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(bits =>
        {
            // Bit patterns and not numbers, so that denormals and negative zero come up.
            float[] vector = [.. bits.SelectMany(Spread).Select(BitConverter.Int32BitsToSingle).Where(float.IsFinite)];
            string base64 = Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan()));
            string reply = $$"""{"data":[{"embedding":"{{base64}}"},{"embedding":"{{base64}}"}]}""";
            string numbers = Convert64(reply, EmbeddingEncoding.Float)!;
            Numbers(numbers).ShouldBe(vector.Concat(vector).Select(BitConverter.SingleToInt32Bits));
            Convert64(numbers, EmbeddingEncoding.Base64).ShouldBe(reply);
        }));

    [Theory]
    [InlineData(383)]
    [InlineData(384)]
    [InlineData(385)]
    [InlineData(3_072)]
    public void Vectors_longer_than_a_batch_are_whole(int dimensions)
    {
        float[] vector = [.. Enumerable.Range(1, dimensions).Select(i => 1f / i)];
        string numbers = string.Join(',', vector.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        string base64 = Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan()));
        Convert64($$"""{"data":[{"embedding":[{{numbers}}]}]}""", EmbeddingEncoding.Base64)
            .ShouldBe($$"""{"data":[{"embedding":"{{base64}}"}]}""");
    }

    [Fact]
    public void Numbers_written_with_more_digits_than_a_float_has_round_to_the_nearest()
    {
        string converted = Convert64(
            """{"data":[{"embedding":[-0.006929283495992422,1.00000005960464477539062500000001]}]}""",
            EmbeddingEncoding.Base64)!;
        Numbers(Convert64(converted, EmbeddingEncoding.Float)!)
            .ShouldBe([BitConverter.SingleToInt32Bits(-0.006929283495992422f), BitConverter.SingleToInt32Bits(1.0000001f)]);
    }

    static IEnumerable<int> Spread(int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, 8).Select(_ => random.Next(int.MinValue, int.MaxValue)).Append(seed);
    }

    static IEnumerable<int> Numbers(string reply)
    {
        using var document = System.Text.Json.JsonDocument.Parse(reply);
        return [.. document.RootElement.GetProperty("data").EnumerateArray()
            .SelectMany(element => element.GetProperty("embedding").EnumerateArray())
            .Select(number => BitConverter.SingleToInt32Bits(number.GetSingle()))];
    }

    static string? Convert64(string reply, EmbeddingEncoding wanted)
    {
        var output = new ArrayBufferWriter<byte>();
        return EmbeddingEncoder.TryConvert(Encoding.UTF8.GetBytes(reply), wanted, output)
            ? Encoding.UTF8.GetString(output.WrittenSpan)
            : null;
    }
}
