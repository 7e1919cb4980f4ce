using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Engine;

/// <summary>How a vendor's machinery behaves, whatever dialect it is spoken to in.</summary>
/// <param name="Queues">Whether a full deployment lets calls wait.</param>
/// <param name="RequestWindowMs">The window over which requests per minute are enforced, in emulated time.</param>
/// <param name="CacheBlockTokens">Tokens of one block of the prompt cache.</param>
/// <param name="CacheMinTokens">The shortest prefix that counts as cached.</param>
/// <param name="ShowsReasoning">Whether reasoning is sent as text or only counted.</param>
internal sealed record CloudTraits(
    bool Queues, double RequestWindowMs, int CacheBlockTokens, int CacheMinTokens, bool ShowsReasoning)
{
    public static CloudTraits Of(CloudStyle style) => style switch
    {
        CloudStyle.Vllm => new CloudTraits(true, 60_000, 16, 16, true),
        CloudStyle.Bedrock => new CloudTraits(false, 60_000, 128, 1024, true),
        // Azure enforces requests per minute over short windows, so that a burst is refused in a quiet minute.
        CloudStyle.Azure => new CloudTraits(false, 10_000, 128, 1024, false),
        CloudStyle.Anthropic => new CloudTraits(false, 60_000, 128, 1024, true),
        _ => new CloudTraits(false, 60_000, 128, 1024, false),
    };
}
