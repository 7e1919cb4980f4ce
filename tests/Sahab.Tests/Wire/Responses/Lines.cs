using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sahab.Tests.Wire.Responses;

/// <summary>JSON compared by what it says.</summary>
static class Lines
{
    public static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The same JSON, in the same order, however it is written.</summary>
    public static void ShouldSay(this string json, string expected) => JsonNode.Parse(json)!.ToJsonString(Plain)
        .ShouldBe(JsonNode.Parse(expected)!.ToJsonString(Plain));
}
