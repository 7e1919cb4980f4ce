namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold for a provider that speaks Azure's dialect.</summary>
internal static class AzureRules
{
    /// <summary>Before this version streams told no usage, and refused to be asked for it.</summary>
    const string FirstVersionWithUsage = "2024-09";

    public static void Check(ProviderConfig provider, string path, ProblemList problems)
    {
        if (provider.Azure is not { } azure || provider.Dialect != Dialect.Azure)
        {
            return;
        }

        if (azure.ApiVersion is { } version && string.CompareOrdinal(version, FirstVersionWithUsage) < 0)
        {
            problems.Error(
                $"{path}.azure.api_version", "streams of this version tell no usage, so that they could not be metered",
                "Write 2024-10-21 or a later one, or leave it out for the v1 API");
        }

        if (azure.Entra is { } entra)
        {
            CheckEntra(provider, entra, $"{path}.azure.entra", problems);
        }
    }

    static void CheckEntra(ProviderConfig provider, EntraConfig entra, string path, ProblemList problems)
    {
        if (provider.Credentials is not null)
        {
            problems.Error(path, "the provider has an API key too", "Keep either credentials or azure.entra");
        }

        var ways = (entra.ClientSecret is null ? 0 : 1) + (entra.FederatedTokenFile is null ? 0 : 1)
            + (entra.ManagedIdentity ? 1 : 0);
        if (ways != 1)
        {
            problems.Error(
                path, ways == 0 ? "it does not say how to sign in" : "it says more than one way to sign in",
                "Write one of client_secret, federated_token_file and managed_identity");
        }

        if (!entra.ManagedIdentity && (entra.Tenant is null || entra.Client is null))
        {
            problems.Error(
                path, "an application is known by its tenant and its client id",
                "Write tenant and client, or managed_identity: true");
        }

        if (Uri.TryCreate(entra.Authority, UriKind.Absolute, out var authority)
            && authority.Scheme != Uri.UriSchemeHttps && !authority.IsLoopback)
        {
            problems.Error(
                $"{path}.authority", "the secret would go out in clear", "Write an https address");
        }
    }
}
