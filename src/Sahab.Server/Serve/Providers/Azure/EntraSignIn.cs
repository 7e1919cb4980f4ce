using System.Text.Json;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Providers.Credentials;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Providers.Azure;

/// <summary>
/// Gets tokens from Microsoft Entra ID for an application that has a secret, or for a workload that shows the token of its
/// own platform in its place.
/// </summary>
internal sealed class EntraSignIn(HttpMessageInvoker http, EntraConfig config, TimeProvider time)
{
    const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    readonly Uri _address = new($"{config.Authority.TrimEnd('/')}/{Uri.EscapeDataString(config.Tenant!)}/oauth2/v2.0/token");

    /// <exception cref="CredentialException">Entra ID gives no token.</exception>
    public async Task<AccessToken> FetchAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address)
        {
            Content = new FormUrlEncodedContent(await FormAsync(cancellation)),
        };
        using var response = await http.SendAsync(request, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return response.IsSuccessStatusCode && ReadToken(body) is { } token
            ? token
            : throw new CredentialException($"Entra ID gave no token ({(int)response.StatusCode}): {ReasonIn(body)}");
    }

    async Task<Dictionary<string, string>> FormAsync(CancellationToken cancellation)
    {
        var form = new Dictionary<string, string>
        {
            ["client_id"] = config.Client!,
            ["scope"] = config.Scope,
            ["grant_type"] = "client_credentials",
        };
        if (config.FederatedTokenFile is { } file)
        {
            form["client_assertion_type"] = AssertionType;
            form["client_assertion"] = await ReadAssertionAsync(file, cancellation);
        }
        else
        {
            form["client_secret"] = config.ClientSecret!.Value!.Reveal();
        }

        return form;
    }

    /// <summary>The platform writes a new token to the file before the old one ends, so that it is read each time.</summary>
    static async Task<string> ReadAssertionAsync(string file, CancellationToken cancellation)
    {
        try
        {
            return (await File.ReadAllTextAsync(file, cancellation)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CredentialException($"the workload's token could not be read from {file}", failure);
        }
    }

    AccessToken? ReadToken(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.TryGetProperty("access_token", out var token)
                && document.RootElement.TryGetProperty("expires_in", out var life)
                && life.TryGetInt64(out var seconds)
                ? new AccessToken(token.GetString()!, time.GetUtcNow().AddSeconds(seconds))
                : null;
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    static string ReasonIn(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.TryGetProperty("error_description", out var description))
            {
                // Numbers and times for Microsoft's support follow the first sentence.
                return SecretRedaction.Redact(description.GetString()!.Split('\r', '\n')[0]);
            }
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            // Whoever answered, it was not Entra ID.
        }

        return "the answer is not what its protocol allows";
    }
}
