using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sahab.Server.Hosting;

/// <summary>Writes and reads an enum as the configuration has it: words with dashes between them.</summary>
internal sealed class DashedWords<T>()
    : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
