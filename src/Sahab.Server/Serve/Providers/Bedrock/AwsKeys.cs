using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Sahab.Server.Serve.Providers.Credentials;

namespace Sahab.Server.Serve.Providers.Bedrock;

/// <summary>The keys that requests to AWS are signed with: given ones, or those that AWS's own tools find.</summary>
internal sealed class AwsKeys
{
    /// <summary>The cache holds one text; none of a key's parts can have a line break.</summary>
    const char Separator = '\n';

    readonly AWSCredentials? _given;
    readonly TokenCache? _found;

    AwsKeys(AWSCredentials? given, TokenCache? found) => (_given, _found) = (given, found);

    /// <summary>Keys that stay the same.</summary>
    /// <param name="token">The session's token, for temporary keys.</param>
    public static AwsKeys Of(string id, string secret, string? token) => new(
        token is null ? new BasicAWSCredentials(id, secret) : new SessionAWSCredentials(id, secret, token), null);

    /// <summary>
    /// Keys from the environment, a web identity (IRSA), a profile, the container's or the machine's host, in the order
    /// of AWS's own tools. Those that end are fetched anew before they do.
    /// </summary>
    public static AwsKeys OfEnvironment(TimeProvider time)
    {
        var resolver = new DefaultAWSCredentialsIdentityResolver();
        return new AwsKeys(null, new TokenCache(cancellation => FindAsync(resolver, cancellation), time));
    }

    /// <summary>Keys that are good for now.</summary>
    /// <exception cref="CredentialException">There are none to be had.</exception>
    public async ValueTask<AWSCredentials> GetAsync(CancellationToken cancellation) =>
        _given ?? Unpack(await _found!.GetAsync(cancellation));

    /// <summary>Says that the keys were not accepted; tells whether there may be others.</summary>
    public bool Reject(AWSCredentials keys)
    {
        if (_found is null)
        {
            return false;
        }

        _found.Reject(Pack(keys.GetCredentials()));
        return true;
    }

    static async Task<AccessToken> FindAsync(
        DefaultAWSCredentialsIdentityResolver resolver, CancellationToken cancellation)
    {
        try
        {
            var found = await resolver.ResolveIdentityAsync(null, cancellation);
            var refreshing = found as RefreshingAWSCredentials;
            // The cache has asked because the last ones end or were refused: those that are kept here are no use.
            refreshing?.ClearCredentials();
            var keys = await found.GetCredentialsAsync().WaitAsync(cancellation);
            var end = refreshing?.Expiration is { } expiration
                ? new DateTimeOffset(expiration.ToUniversalTime())
                : DateTimeOffset.MaxValue;
            return new AccessToken(Pack(keys), end);
        }
        catch (Exception failure) when (failure is AmazonClientException or AmazonServiceException or ArgumentException
            or InvalidOperationException)
        {
            throw new CredentialException($"no AWS credentials could be found ({failure.GetType().Name})", failure);
        }
    }

    static string Pack(ImmutableCredentials keys) =>
        $"{keys.AccessKey}{Separator}{keys.SecretKey}{Separator}{keys.Token}";

    static AWSCredentials Unpack(string packed)
    {
        var parts = packed.Split(Separator);
        return parts[2].Length > 0
            ? new SessionAWSCredentials(parts[0], parts[1], parts[2])
            : new BasicAWSCredentials(parts[0], parts[1]);
    }
}
