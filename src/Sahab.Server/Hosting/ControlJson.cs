using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sahab.Server.Hosting;

/// <summary>How the control API writes JSON: names as in the configuration, enums as words.</summary>
internal static class ControlJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
    }
}
