using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Tests.Bedrock;

/// <summary>An emulated AWS beside the clouds that other tests use.</summary>
internal static class BedrockCloud
{
    public const string KeyId = "AKIDEMULATED";
    public const string Secret = "secret";

    public static Task<EmulatorHost> StartAsync()
    {
        var config = Clouds.Config();
        string[] chats =
        [
            Clouds.Model, "throttled", "inside", "cut", "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2c3",
        ];
        foreach (var model in chats)
        {
            config.Models.TryAdd(model, config.Models[Clouds.Model]);
        }

        config.Clouds["aws"] = new CloudConfig
        {
            Style = CloudStyle.Bedrock,
            Http2Port = 0,
            Keys = new() { [KeyId] = Secret },
            Regions = new() { ["us-east-1"] = new() { Country = "US" }, ["eu-north-1"] = new() { Country = "SE" } },
            Models = chats.Append(Clouds.Embedder).ToDictionary(model => model, _ => new CloudModelConfig()),
        };
        return EmulatorHost.StartAsync(config);
    }
}
