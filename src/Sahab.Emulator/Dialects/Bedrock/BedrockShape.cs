using System.Security.Cryptography;
using System.Text;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>What the writing of an answer needs to know, once the request itself is gone.</summary>
internal sealed record BedrockShape
{
    const string SignaturePrefix = "EmulatedBedrock";

    public required Generation Generation { get; init; }

    public Sequence Answer => Generation.Choices[0];

    public string StopReason => Answer.Finish switch
    {
        FinishReason.Length => "max_tokens",
        FinishReason.ToolCalls => "tool_use",
        _ => "end_turn",
    };

    /// <summary>Proves that reasoning is ours.</summary>
    public static string Sign(string reasoning) => SignaturePrefix
        + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(reasoning)));

    /// <summary>Whether a signature is none of ours, or goes with the text.</summary>
    public static bool IsGood(string reasoning, string signature) =>
        !signature.StartsWith(SignaturePrefix, StringComparison.Ordinal) || signature == Sign(reasoning);

    public static string NameTool(ToolCall call) => "tooluse_" + call.Id["call_".Length..];
}
