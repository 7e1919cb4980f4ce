using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>The list of models that a region serves.</summary>
internal static class ModelList
{
    public static void WriteAll(Utf8JsonWriter writer, IEnumerable<CloudDeployment> all, EmulatedClock clock)
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var deployment in all.OrderBy(d => d.ModelId, StringComparer.Ordinal))
        {
            Write(writer, deployment, clock);
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, CloudDeployment deployment, EmulatedClock clock)
    {
        writer.WriteStartObject();
        writer.WriteString("id", deployment.ModelId);
        writer.WriteString("object", "model");
        writer.WriteNumber("created", clock.UnixSeconds);
        writer.WriteString("owned_by", deployment.Model.OwnedBy);
        writer.WriteNumber("max_model_len", deployment.Model.ContextTokens);
        writer.WriteEndObject();
    }
}
