using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>Who somebody is, as an issuer has signed it.</summary>
/// <param name="Subject">What the issuer calls them, for ever.</param>
/// <param name="Email">Null: it has not told, or not verified it.</param>
internal sealed record SignedIdentity(string Subject, string? Email, string Name);

/// <summary>Checks ID tokens: signature, issuer, audience, time and nonce.</summary>
internal sealed class IdTokens(IssuerClient client, TimeProvider time)
{
    const int MaxSubjectChars = 255;

    static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    static readonly string[] Algorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256];

    readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <exception cref="IssuerException">It is not good; the message says why.</exception>
    public async Task<SignedIdentity> CheckAsync(
        string token, OidcIssuerConfig issuer, IssuerMetadata metadata, string nonce, CancellationToken cancellation)
    {
        var keys = await client.KeysAsync(metadata.KeysUri, null, cancellation);
        var result = await ValidateAsync(token, issuer, keys);
        if (result.Exception is SecurityTokenInvalidSignatureException)
        {
            // The issuer may sign with a new key; that none is known is a signature that does not hold, too.
            var newer = await client.KeysAsync(metadata.KeysUri, keys, cancellation);
            result = ReferenceEquals(newer, keys) ? result : await ValidateAsync(token, issuer, newer);
        }

        if (!result.IsValid)
        {
            throw new IssuerException($"The ID token is not good: {ReasonOf(result.Exception)}.");
        }

        var signed = (JsonWebToken)result.SecurityToken;
        var said = Text(signed, "nonce");
        if (said is null || !CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(said), Encoding.UTF8.GetBytes(nonce)))
        {
            throw new IssuerException("The ID token is not for this round: its nonce is another.");
        }

        if (signed.Audiences.Count() > 1 && Text(signed, "azp") != issuer.ClientId)
        {
            throw new IssuerException("The ID token was made for another client.");
        }

        return Text(signed, "sub") is { Length: > 0 and <= MaxSubjectChars } subject
            ? new SignedIdentity(subject, IsVerified(signed) ? Text(signed, "email") : null, Text(signed, "name") ?? "")
            : throw new IssuerException("The ID token says no subject.");
    }

    Task<TokenValidationResult> ValidateAsync(string token, OidcIssuerConfig issuer, IssuerKeys keys) =>
        _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = issuer.Issuer,
            ValidAudience = issuer.ClientId,
            IssuerSigningKeys = keys.Keys,
            // Not whichever key fits: the one that the token names, where it names one.
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            // The skew is put on our time: what a token has none of may come as the first time that there is.
            LifetimeValidator = (notBefore, expires, _, _) =>
                expires is { } end && Utc(end) > time.GetUtcNow() - ClockSkew
                && (notBefore is not { } begin || Utc(begin) <= time.GetUtcNow() + ClockSkew),
        });

    static DateTimeOffset Utc(DateTime at) => new(DateTime.SpecifyKind(at, DateTimeKind.Utc));

    static string ReasonOf(Exception? error) => error switch
    {
        SecurityTokenInvalidAudienceException => "it is for another audience",
        SecurityTokenInvalidIssuerException => "it is by another issuer",
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException => "its time is over, or has not come",
        SecurityTokenSignatureKeyNotFoundException => "none of the issuer's keys has signed it",
        SecurityTokenInvalidAlgorithmException => "its signature is of a kind that is not taken",
        _ => "its signature does not hold, or it cannot be read",
    };

    static string? Text(JsonWebToken token, string claim) =>
        token.TryGetPayloadValue<string>(claim, out var value) ? value : null;

    /// <summary>Some issuers write it as a text.</summary>
    static bool IsVerified(JsonWebToken token) =>
        token.TryGetPayloadValue<object>("email_verified", out var value)
        && string.Equals(value?.ToString(), "true", StringComparison.OrdinalIgnoreCase);
}
