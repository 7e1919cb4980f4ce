using Azure.Core;
using Azure.Identity;
using AccessToken = Sahab.Server.Serve.Providers.Credentials.AccessToken;

namespace Sahab.Server.Serve.Providers.Azure;

/// <summary>
/// Gets tokens as the managed identity of the machine, from whatever answers for it there: a virtual machine, App Service,
/// a container, Arc. Azure's own library knows them all.
/// </summary>
/// <param name="client">The client id of an identity that was assigned by its user; null for the machine's own.</param>
/// <param name="scope">What the token is for.</param>
internal sealed class ManagedIdentity(string? client, string scope)
{
    readonly ManagedIdentityCredential _credential = new(
        client is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(client));

    /// <exception cref="CredentialException">The machine has no such identity, or it is given no token.</exception>
    public async Task<AccessToken> FetchAsync(CancellationToken cancellation)
    {
        try
        {
            var token = await _credential.GetTokenAsync(new TokenRequestContext([scope]), cancellation);
            return new AccessToken(token.Token, token.ExpiresOn);
        }
        catch (AuthenticationFailedException failure)
        {
            throw new CredentialException("the machine's managed identity was given no token", failure);
        }
    }
}
