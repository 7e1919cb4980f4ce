using System.Text.Json;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Providers.Credentials;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Providers.Vertex;

/// <summary>
/// Gets access tokens from Google through its own library: for a service account, for an external account (workload
/// identity federation), or by the application default credentials of the machine.
/// </summary>
/// <param name="account">The account as JSON; none for the application default credentials.</param>
internal sealed class GoogleSignIn(Secret? account, TimeProvider time)
{
    const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    /// <summary>Life of a token whose answer does not tell it, in seconds: Google's usual one.</summary>
    const long UsualSeconds = 3600;

    object? _credential;

    /// <summary>A new token, whatever the library still has.</summary>
    /// <exception cref="CredentialException">Google gives none.</exception>
    public async Task<AccessToken> FetchAsync(CancellationToken cancellation)
    {
        try
        {
            _credential ??= await FindAsync(cancellation);
            var token = _credential switch
            {
                ServiceCredential service when await service.RequestAccessTokenAsync(cancellation) => service.Token,
                UserCredential user when await user.RefreshTokenAsync(cancellation) => user.Token,
                _ => throw new CredentialException("Google gave no token"),
            };
            return new AccessToken(
                token.AccessToken, time.GetUtcNow().AddSeconds(token.ExpiresInSeconds ?? UsualSeconds));
        }
        catch (TokenResponseException refused)
        {
            var reason = $"{refused.Error?.Error} {refused.Error?.ErrorDescription}".Trim();
            throw new CredentialException($"Google gave no token: {SecretRedaction.Redact(reason)}", refused);
        }
        catch (InvalidOperationException failure)
        {
            // What the library says here is about files and their contents, never about what is secret in them.
            throw new CredentialException($"Google's credentials could not be used: {SecretRedaction.Redact(failure.Message)}", failure);
        }
    }

    async Task<object> FindAsync(CancellationToken cancellation)
    {
        var credential = account is null
            ? await GoogleCredential.GetApplicationDefaultAsync(cancellation)
            : CredentialFactory.FromJson(account.Reveal(), TypeOf(account));
        return credential.CreateScoped(Scope).UnderlyingCredential;
    }

    /// <summary>
    /// The kind of account. The library wants to be told, so that a file from elsewhere cannot make it run a program or
    /// call an address that nobody meant: the kinds named here are those that this server is meant to use.
    /// </summary>
    static string TypeOf(Secret account)
    {
        try
        {
            using var document = JsonDocument.Parse(account.Reveal());
            var type = document.RootElement.TryGetProperty("type", out var value) ? value.GetString() : null;
            return type is "service_account" or "external_account" or "authorized_user" or "impersonated_service_account"
                ? type
                : throw new CredentialException(
                    "the account's 'type' must be service_account, external_account, authorized_user or "
                    + "impersonated_service_account");
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            throw new CredentialException("the account is not the JSON that Google gives out");
        }
    }
}
