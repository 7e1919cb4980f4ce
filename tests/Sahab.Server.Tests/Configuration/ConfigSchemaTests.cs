using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

public class ConfigSchemaTests
{
    [Fact]
    public void The_shipped_schema_is_what_the_code_generates() =>
        File.ReadAllText(Path.Combine(ConfigText.Root, "schemas", "sahab.schema.json"))
            .ShouldBe(ConfigSchema.Write(), "run: ./sahab schema > schemas/sahab.schema.json");

    [Fact]
    public void The_reference_in_the_documentation_is_what_the_code_generates() =>
        File.ReadAllText(Path.Combine(ConfigText.Root, "docs", "configuration.md"))
            .ShouldEndWith(
                "## Reference\n\n" + ConfigReference.Write(),
                Case.Sensitive, "replace what follows '## Reference' by: ./sahab schema --reference");

    [Fact]
    public void The_schema_closes_every_record_and_describes_every_key()
    {
        var schema = JsonNode.Parse(ConfigSchema.Write())!.AsObject();
        var records = schema["$defs"]!.AsObject().Select(pair => pair.Value!.AsObject())
            .Where(definition => definition["type"]?.GetValue<string>() == "object").Append(schema).ToArray();

        records.Length.ShouldBeGreaterThan(15);
        foreach (var record in records)
        {
            record["additionalProperties"]!.GetValue<bool>().ShouldBeFalse();
            foreach (var (name, key) in record["properties"]!.AsObject())
            {
                key!["description"]!.GetValue<string>().ShouldNotBeNullOrWhiteSpace(name);
            }
        }
    }

    [Fact]
    public void The_schema_knows_what_the_binder_knows()
    {
        var definitions = JsonNode.Parse(ConfigSchema.Write())!["$defs"]!;

        var price = definitions["price"]!;
        price["required"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(["prompt", "output"]);
        price["properties"]!["prompt"]!["minimum"]!.GetValue<long>().ShouldBe(0);
        definitions["deployment"]!["properties"]!["capacity"]!["enum"]!.AsArray()
            .Select(word => word!.GetValue<string>()).ShouldBe(["on-demand", "reserved", "spot"]);
        definitions["country"]!["enum"]!.AsArray().Count.ShouldBe(249);
        definitions["routing"]!["properties"]!["policy"]!["default"]!.GetValue<string>().ShouldBe("balanced");
        definitions["timeouts"]!["properties"]!["connect"]!["default"]!.GetValue<string>().ShouldBe("5s");
        definitions["secret"]!["minProperties"]!.GetValue<int>().ShouldBe(1);
    }

    /// <summary>The patterns of the schema and the forms of the binder are written apart, and must agree.</summary>
    [Theory]
    [InlineData("azure-eastus", "Id")]
    [InlineData("Azure", "Id")]
    [InlineData("", "Id")]
    [InlineData("meta-llama/Llama-3.3:70b", "ModelId")]
    [InlineData("a b", "ModelId")]
    [InlineData("https://api.example.com/v1", "HttpUrl")]
    [InlineData("https://user@api.example.com", "HttpUrl")]
    [InlineData("https://api.example.com?x", "HttpUrl")]
    [InlineData("api.example.com", "HttpUrl")]
    [InlineData("127.0.0.1:8080", "Endpoint")]
    [InlineData("[::1]:8080", "Endpoint")]
    [InlineData("127.0.0.1", "Endpoint")]
    [InlineData("AZURE_API_KEY", "EnvironmentVariable")]
    [InlineData("azure", "EnvironmentVariable")]
    [InlineData(" ", "Free")]
    public void A_pattern_of_the_schema_agrees_with_the_binder(string text, string formName)
    {
        var form = Enum.Parse<TextForm>(formName);

        Regex.IsMatch(text, TextForms.PatternOf(form)!).ShouldBe(TextForms.Fits(form, text));
    }

    [Fact]
    public void A_default_lies_within_its_own_range()
    {
        var seen = new HashSet<Type>();
        Check(RecordShape.Of(typeof(SahabConfig)));
        seen.Count.ShouldBeGreaterThan(15);

        void Check(RecordShape shape)
        {
            if (!seen.Add(shape.Type))
            {
                return;
            }

            foreach (var key in shape.Keys)
            {
                if (key.Kind is ValueKind.Record or ValueKind.RecordMap)
                {
                    Check(RecordShape.Of(key.ElementType));
                }
                else if (key is { Between: { } between, Default: { } value, IsRequired: false })
                {
                    var (min, max) = (Parse(key, between.Min), Parse(key, between.Max));
                    min.ShouldBeLessThanOrEqualTo(max);
                    var number = value is TimeSpan time ? time.Ticks : Convert.ToDecimal(value, null);
                    number.ShouldBeInRange(min, max, $"{shape.Type.Name}.{key.Name}");
                }
            }
        }
    }

    static decimal Parse(KeyShape key, string text) =>
        key.Kind == ValueKind.Duration && Scalars.TryDuration(text, out var time) ? time.Ticks
        : key.Kind == ValueKind.Bytes && Scalars.TryBytes(text, out var bytes) ? bytes
        : Scalars.TryDecimal(text, out var number) ? number
        : throw new InvalidOperationException($"{key.Name}: {text}");
}
