using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>The SHA-256 of a key, as a value that can be compared and looked up.</summary>
internal readonly record struct KeyDigest(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>The longest key that is looked at; a longer one is unknown without being hashed.</summary>
    public const int MaxKeyChars = 512;

    public static KeyDigest FromHex(string hex) => FromBytes(Convert.FromHexString(hex));

    public static KeyDigest Of(ReadOnlySpan<char> secret)
    {
        Span<byte> utf8 = stackalloc byte[MaxKeyChars * 3];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(secret, utf8)], digest);
        return FromBytes(digest);
    }

    static KeyDigest FromBytes(ReadOnlySpan<byte> digest)
    {
        var parts = MemoryMarshal.Cast<byte, ulong>(digest);
        return new KeyDigest(parts[0], parts[1], parts[2], parts[3]);
    }
}

/// <summary>
/// The keys of all tenants, by the hash of their secret. The secrets themselves are not in memory, and looking one up
/// takes the same time whatever its first characters are.
/// </summary>
internal sealed class ApiKeyTable(FrozenDictionary<KeyDigest, ApiKey> keys)
{
    const string Scheme = "Bearer ";

    static readonly object Remembered = new();

    public static ApiKeyTable Empty { get; } = new(FrozenDictionary<KeyDigest, ApiKey>.Empty);

    public IEnumerable<ApiKey> Keys => keys.Values;

    /// <summary>The key behind an <c>Authorization</c> header.</summary>
    /// <param name="given">Whether the header holds a bearer token at all.</param>
    public ApiKey? Find(string? authorization, out bool given) => Find(authorization, connection: null, out given);

    /// <summary>The key behind an <c>Authorization</c> header.</summary>
    /// <param name="connection">
    /// What is remembered with the client's connection, where no two requests use it at a time: a client sends the same
    /// header with each of its requests, which is then hashed once.
    /// </param>
    /// <param name="given">Whether the header holds a bearer token at all.</param>
    public ApiKey? Find(string? authorization, IDictionary<object, object?>? connection, out bool given)
    {
        if (authorization is not null && connection is not null
            && connection.TryGetValue(Remembered, out var found) && found is GivenKey remembered
            && authorization == remembered.Authorization)
        {
            given = true;
            return keys.GetValueOrDefault(remembered.Digest);
        }

        given = authorization is not null
            && authorization.Length > Scheme.Length
            && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        if (!given)
        {
            return null;
        }

        var secret = authorization.AsSpan(Scheme.Length).Trim();
        if (secret.Length is 0 or > KeyDigest.MaxKeyChars)
        {
            return null;
        }

        var digest = KeyDigest.Of(secret);
        connection?[Remembered] = new GivenKey(authorization!, digest);
        return keys.GetValueOrDefault(digest);
    }

    /// <summary>The key of a secret, however it came.</summary>
    public ApiKey? FindSecret(ReadOnlySpan<char> secret) =>
        secret.Length is 0 or > KeyDigest.MaxKeyChars ? null : keys.GetValueOrDefault(KeyDigest.Of(secret));

    /// <summary>A header that a connection has brought before, which Kestrel keeps as the same string.</summary>
    sealed record GivenKey(string Authorization, KeyDigest Digest)
    {
        public override string ToString() => nameof(GivenKey);
    }
}
