using Sahab.Routing.Requests;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>The operations by the names that the ledger, the metrics and the pages use.</summary>
internal static class OperationNames
{
    public static string Of(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => "chat.completions",
        ApiOperation.Completions => "completions",
        ApiOperation.Embeddings => "embeddings",
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    public static Operation ToRouting(ApiOperation operation) => operation switch
    {
        ApiOperation.ChatCompletions => Operation.ChatCompletions,
        ApiOperation.Completions => Operation.Completions,
        ApiOperation.Embeddings => Operation.Embeddings,
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };
}
