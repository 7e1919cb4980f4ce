using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Chat;
using Sahab.Wire.Oci;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Oci;

/// <summary>Drives the translations with text.</summary>
static class OciText
{
    public static readonly OciServing Serving = new("ocid1.compartment.oc1..a", "meta.llama-4", IsDedicated: false);

    public static AnswerTerms Terms(int choices = 1) => new("chatcmpl-7", 1, "meta.llama-4", choices);

    /// <summary>The body that a request becomes, or the fault.</summary>
    public static (JsonNode? Body, RequestFault? Fault) Write(
        string json, bool cohere = false, OciServing? serving = null)
    {
        ChatRequest.TryRead(Encoding.UTF8.GetBytes(json), out ChatRequest? request, out RequestFault fault)
            .ShouldBeTrue(fault.Message);
        using (request)
        {
            var output = new ArrayBufferWriter<byte>();
            RequestFault? told = cohere
                ? OciCohereRequest.Write(request!, serving ?? Serving, output)
                : OciGenericRequest.Write(request!, serving ?? Serving, output);
            return told is null ? (JsonNode.Parse(output.WrittenSpan), null) : (null, told);
        }
    }

    /// <summary>What an answer becomes; null where it is none.</summary>
    public static JsonNode? Read(IAnswerTranslation answers, string json)
    {
        var output = new ArrayBufferWriter<byte>();
        return answers.TryWriteAnswer(Encoding.UTF8.GetBytes(json), Terms(), output)
            ? JsonNode.Parse(output.WrittenSpan)
            : null;
    }

    /// <summary>What a stream becomes that arrives in these pieces, and whether it was whole.</summary>
    public static (string Text, bool IsWhole) Stream(IAnswerTranslation answers, int choices, params IEnumerable<byte[]> pieces)
    {
        using IStreamTranslation stream = answers.OpenStream(Terms(choices));
        var output = new ArrayBufferWriter<byte>();
        bool good = pieces.All(piece => stream.Take(piece, output)) && stream.Complete(output);
        return (Encoding.UTF8.GetString(output.WrittenSpan), good);
    }

    /// <summary>The chunks of a stream in OpenAI's form, without the end mark.</summary>
    public static List<JsonNode> ChunksOf(string text) =>
    [
        .. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(one => one["data: ".Length..]).Where(data => data != "[DONE]").Select(data => JsonNode.Parse(data)!),
    ];
}
