using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sahab.Server.Hosting;

/// <summary>How the control API writes JSON: names as in the configuration, enums as words.</summary>
internal static class ControlJson
{
    /// <summary>The same for what is written elsewhere than into an answer.</summary>
    public static readonly JsonSerializerOptions Options = Create();

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        // Numbers are numbers, and what a constructor must be given is there: the description of the API says so too.
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectRequiredConstructorParameters = true;
        options.RespectNullableAnnotations = true;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
    }

    /// <summary>What would be answered, as a part of something that is kept or sent.</summary>
    public static JsonObject ToObject<T>(T answer)
        where T : class => JsonSerializer.SerializeToNode(answer, Options)!.AsObject();

    static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Configure(options);
        return options;
    }
}
