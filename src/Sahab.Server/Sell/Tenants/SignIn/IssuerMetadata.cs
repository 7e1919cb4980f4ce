using Microsoft.IdentityModel.Tokens;

namespace Sahab.Server.Sell.Tenants.SignIn;

/// <summary>What an issuer says of itself, as far as it is needed here.</summary>
/// <param name="PostsSecret">Whether it takes the client's secret in the form only, and not in a header.</param>
internal sealed record IssuerMetadata(
    Uri AuthorizationEndpoint, Uri TokenEndpoint, Uri KeysUri, bool PostsSecret);

/// <summary>An issuer that cannot be asked, or answers what it may not; the message says what, without any secret.</summary>
internal sealed class IssuerException(string message) : Exception(message);

/// <summary>An issuer's keys, and when they were fetched.</summary>
internal sealed record IssuerKeys(IReadOnlyList<SecurityKey> Keys, DateTimeOffset FetchedAt);
