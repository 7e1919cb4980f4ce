using System.Text.Json;

namespace Sahab.Wire.Oci;

/// <summary>Whose account a request goes to, and which model serves it.</summary>
/// <param name="Compartment">The compartment's OCID.</param>
/// <param name="Model">The model's name or OCID; the endpoint's OCID where it is dedicated.</param>
/// <param name="IsDedicated">Whether a cluster of our own serves it.</param>
public sealed record OciServing(string Compartment, string Model, bool IsDedicated)
{
    /// <summary>The tokens asked for where the client sets no limit, since the service's own is a few words.</summary>
    public const long DefaultMaxTokens = 4096;

    /// <summary>Whether the model is one of OpenAI's that take a limit of output and reasoning together only.</summary>
    internal bool LimitsCompletion => Model.StartsWith("openai.gpt-5", StringComparison.Ordinal)
        || Model.StartsWith("openai.o", StringComparison.Ordinal);

    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("compartmentId"u8, Compartment);
        json.WriteStartObject("servingMode"u8);
        json.WriteString("servingType"u8, IsDedicated ? "DEDICATED"u8 : "ON_DEMAND"u8);
        json.WriteString(IsDedicated ? "endpointId"u8 : "modelId"u8, Model);
        json.WriteEndObject();
    }
}
