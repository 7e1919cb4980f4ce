namespace Sahab.Server.Serve.Providers.Credentials;

/// <summary>Proves to a provider who we are. One serves all calls at once.</summary>
internal interface ICredential
{
    /// <summary>Puts the proof on a request that is otherwise complete, its content included.</summary>
    /// <exception cref="CredentialException">None could be had.</exception>
    ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellation);

    /// <summary>Says that the provider did not accept the proof on a request.</summary>
    /// <returns>Whether another try with a fresh one may help.</returns>
    bool Renew(HttpRequestMessage request);
}

/// <summary>A key that is sent as it is.</summary>
/// <param name="header">The header in which it goes.</param>
/// <param name="value">The header's value. Never logged.</param>
internal sealed class KeyCredential(string header, string value) : ICredential
{
    public ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.TryAddWithoutValidation(header, value);
        return default;
    }

    public bool Renew(HttpRequestMessage request) => false;
}

/// <summary>A token that ends and is fetched anew, sent as <c>Authorization: Bearer</c>.</summary>
internal sealed class TokenCredential(TokenCache tokens) : ICredential
{
    const string Header = "Authorization";
    const string Scheme = "Bearer ";

    public async ValueTask ApplyAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        request.Headers.TryAddWithoutValidation(Header, Scheme + await tokens.GetAsync(cancellation));

    public bool Renew(HttpRequestMessage request)
    {
        if (request.Headers.NonValidated.TryGetValues(Header, out var values))
        {
            tokens.Reject(values.ToString()[Scheme.Length..]);
        }

        return true;
    }
}
