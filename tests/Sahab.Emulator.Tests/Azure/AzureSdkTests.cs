using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Tests.Azure;

/// <summary>The official client for Azure OpenAI, unmodified, is the judge of the emulated one.</summary>
public class AzureSdkTests
{
    [Fact]
    public async Task The_official_client_finds_what_it_knows()
    {
        var config = Clouds.Config();
        config.Models["full"] = config.Models[Clouds.Model];
        config.Clouds["azure"].Models["full"] = new();
        await using var clouds = await EmulatorHost.StartAsync(config);
        await clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Model = "full", Kind = FaultKind.Throttle });

        await SdkScript.RunAsync(
            "azure.mjs",
            new Dictionary<string, string> { ["CLOUD_URL"] = clouds.CloudAddress("azure").ToString().TrimEnd('/') },
            "dated_version", "dated_version_streamed", "deployment_of_the_client", "v1", "embeddings", "entra",
            "entra_wrong_secret", "entra_wrong_token", "wrong_key", "unknown_deployment", "without_version",
            "content_filter", "full");
    }
}
