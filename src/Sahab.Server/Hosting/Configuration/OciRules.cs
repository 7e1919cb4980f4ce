namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold for a provider that speaks Oracle's dialect.</summary>
internal static class OciRules
{
    public static void Check(ProviderConfig provider, string path, ProblemList problems)
    {
        if (provider.Oci is not { } oci || provider.Dialect != Dialect.Oci)
        {
            return;
        }

        if (oci.PrivateKey is null)
        {
            if (oci.Api != OciApi.OpenAi)
            {
                problems.Error(
                    $"{path}.oci", "its own API takes signed requests only",
                    "Write tenancy, user, fingerprint and private_key, or api: openai with credentials");
            }

            return;
        }

        if (oci.Tenancy is null || oci.User is null || oci.Fingerprint is null)
        {
            problems.Error(
                $"{path}.oci.private_key", "a signature names the key by tenancy, user and fingerprint",
                "Write oci.tenancy, oci.user and oci.fingerprint");
        }

        if (provider.Credentials is not null)
        {
            problems.Error($"{path}.credentials", "the provider's requests are signed", "Keep either credentials or oci.private_key");
        }
    }
}
