using System.Text.Json;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Engine.Schemas;

namespace Sahab.Emulator.Tests.Engine;

public class SchemaSampleTests
{
    [Fact]
    public void Objects_have_what_their_schema_asks_for()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var made = Make("""
                {"type":"object","required":["id","level","tags","when","free"],"properties":{
                  "id":{"type":"integer","minimum":3,"exclusiveMaximum":7},
                  "level":{"enum":["low","high"]},
                  "half":{"type":"number","multipleOf":0.25,"maximum":-1},
                  "name":{"type":"string","minLength":20,"maxLength":22},
                  "tags":{"type":"array","items":{"type":"boolean"},"minItems":3},
                  "when":{"type":"string","format":"date-time"},
                  "either":{"anyOf":[{"type":"null"},{"const":5}]}}}
                """, seed);
            made.GetProperty("id").GetInt32().ShouldBeInRange(3, 6);
            made.GetProperty("level").GetString().ShouldBeOneOf("low", "high");
            made.GetProperty("half").GetDecimal().ShouldBeLessThanOrEqualTo(-1);
            (made.GetProperty("half").GetDecimal() % 0.25m).ShouldBe(0);
            made.GetProperty("name").GetString()!.Length.ShouldBeInRange(20, 22);
            made.GetProperty("tags").GetArrayLength().ShouldBeGreaterThanOrEqualTo(3);
            made.GetProperty("tags").EnumerateArray().ShouldAllBe(t => t.ValueKind == JsonValueKind.True
                || t.ValueKind == JsonValueKind.False);
            made.GetProperty("when").GetDateTimeOffset().Year.ShouldBe(2026);
            made.GetProperty("free").ValueKind.ShouldBe(JsonValueKind.String);
            made.GetProperty("either").GetRawText().ShouldBeOneOf("null", "5");
        }
    }

    [Fact]
    public void A_recursive_schema_ends()
    {
        var made = Make("""
            {"$ref":"#/$defs/node","$defs":{"node":{"type":"object","required":["next"],"properties":{
              "next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]},
              "children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}}}
            """, 3);
        made.TryGetProperty("next", out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}}""")]
    [InlineData("""{"type":"string","pattern":"^a+$"}""")]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""")]
    [InlineData("""{"$ref":"#/nowhere"}""")]
    [InlineData("""{"type":"fruit"}""")]
    public void What_cannot_be_made_is_refused(string schema) =>
        Should.Throw<SchemaException>(() => Make(schema, 1));

    static JsonElement Make(string schema, ulong seed)
    {
        var random = new SeededRandom(seed);
        return JsonDocument.Parse(SchemaSample.Write(JsonDocument.Parse(schema).RootElement, ref random)).RootElement;
    }
}
