using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("How users sign up and in.")]
internal sealed record SignInConfig
{
    [Doc("Whether whoever comes may sign up; else only who was invited.")]
    public bool SignUp { get; init; } = true;

    [Doc("How many proxies stand before this server, each of which appends to `X-Forwarded-For` whom it serves and says in "
        + "`X-Forwarded-Proto` how. 0: neither header is believed, and signing in works over https to this server itself "
        + "or on this machine only.")]
    [Between("0", "10")]
    public int TrustedProxies { get; init; }

    [Doc("Issuers of OpenID Connect by which users may sign in, by any id. Each must know this server's "
        + "`/api/sign-in/issuers/ID/callback` as a redirect URI.")]
    [AtMost(20)]
    public ImmutableArray<OidcIssuerConfig> Oidc { get; init; } = [];
}

[Doc("An issuer of OpenID Connect.")]
internal sealed record OidcIssuerConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("What people call it. Left out: its id.")]
    [Form(TextForm.Free)]
    public string? Name { get; init; }

    [Doc("Its address, exactly as it calls itself; https, or http on this machine. What it says of itself is asked for below "
        + "it, at `/.well-known/openid-configuration`.")]
    [Form(TextForm.HttpUrl)]
    public required string Issuer { get; init; } = "";

    [Doc("What it calls this server.")]
    [Form(TextForm.Free)]
    public required string ClientId { get; init; } = "";

    [Doc("The secret by which this server shows that it is that client.")]
    public required SecretConfig ClientSecret { get; init; } = new();
}
