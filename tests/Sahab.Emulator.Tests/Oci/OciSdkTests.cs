using System.Security.Cryptography;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Tests.Oci;

/// <summary>Oracle's own client, unmodified, is the judge of the emulated cloud.</summary>
public class OciSdkTests
{
    const string KeyId = "ocid1.tenancy.oc1..demo/ocid1.user.oc1..demo/20:3b:97:13";

    [Fact]
    public async Task Oracle_s_client_finds_what_it_knows()
    {
        using var key = RSA.Create(2048);
        using var stranger = RSA.Create(2048);
        var config = Clouds.Config();
        config.Models["full"] = config.Models[Clouds.Model];
        config.Clouds["oracle"] = config.Clouds["azure"] with
        {
            Style = CloudStyle.Oracle,
            SigningKeys = new() { [KeyId] = key.ExportSubjectPublicKeyInfoPem() },
            Models = new(config.Clouds["azure"].Models) { ["full"] = new() },
        };
        await using var clouds = await EmulatorHost.StartAsync(config);
        await clouds.AddFaultAsync(new FaultSpec { Cloud = "oracle", Model = "full", Kind = FaultKind.Throttle });

        await SdkScript.RunAsync(
            "oci.mjs",
            new Dictionary<string, string>
            {
                ["CLOUD_URL"] = clouds.CloudAddress("oracle").ToString().TrimEnd('/'),
                ["OCI_KEY_ID"] = KeyId,
                ["OCI_PRIVATE_KEY"] = key.ExportPkcs8PrivateKeyPem(),
                ["OCI_WRONG_KEY"] = stranger.ExportPkcs8PrivateKeyPem(),
            },
            "chat", "few_words_by_default", "tools", "stream", "stream_without_usage", "cohere", "cohere_stream",
            "embed_text", "dedicated", "wrong_key", "unknown_key", "unknown_model", "bad_request", "too_many_requests",
            "unsigned");
    }
}
