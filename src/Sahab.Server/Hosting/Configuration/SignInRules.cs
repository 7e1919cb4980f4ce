namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold of issuers of OpenID Connect.</summary>
internal static class SignInRules
{
    public static void Check(SignInConfig config, ProblemList problems)
    {
        var issuers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var issuer in config.Oidc)
        {
            var path = $"sign_in.oidc.{issuer.Id}";
            if (Uri.TryCreate(issuer.Issuer, UriKind.Absolute, out var address) && address.Scheme != "https"
                && !address.IsLoopback)
            {
                problems.Error(
                    $"{path}.issuer", "what it signs and our secret would be readable on their way", "Write an https address");
            }

            if (issuer.Issuer.Length > 0 && !issuers.TryAdd(issuer.Issuer, path))
            {
                problems.Error($"{path}.issuer", $"{issuers[issuer.Issuer]} has the same issuer", "Keep one of them");
            }
        }
    }
}
