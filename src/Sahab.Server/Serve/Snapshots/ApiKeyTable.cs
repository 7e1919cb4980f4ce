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
/// The keys of all tenants, by the hash of their secret: those of the configuration, and those of the store as they are
/// at each moment. The secrets themselves are not in memory, and looking one up takes the same time whatever its first
/// characters are.
/// </summary>
/// <param name="keys">The keys of the configuration.</param>
/// <param name="store">The keys of the store; null: there is none.</param>
internal sealed class ApiKeyTable(FrozenDictionary<KeyDigest, ApiKey> keys, StoreKeyTable? store = null)
{
    const string Scheme = "Bearer ";

    static readonly object Remembered = new();

    public static ApiKeyTable Empty { get; } = new(FrozenDictionary<KeyDigest, ApiKey>.Empty);

    /// <summary>The keys of the configuration.</summary>
    public IEnumerable<ApiKey> Keys => keys.Values;

    /// <summary>The key behind an <c>Authorization</c> header.</summary>
    /// <param name="fault">Why there is none; <see cref="KeyFault.Missing"/>: the header holds no bearer token.</param>
    public ApiKey? Find(string? authorization, out KeyFault fault) => Find(authorization, connection: null, out fault);

    /// <summary>The key behind an <c>Authorization</c> header.</summary>
    /// <param name="connection">
    /// What is remembered with the client's connection, where no two requests use it at a time: a client sends the same
    /// header with each of its requests, which is then hashed once.
    /// </param>
    /// <param name="fault">Why there is none; <see cref="KeyFault.Missing"/>: the header holds no bearer token.</param>
    public ApiKey? Find(string? authorization, IDictionary<object, object?>? connection, out KeyFault fault)
    {
        if (authorization is not null && connection is not null
            && connection.TryGetValue(Remembered, out var found) && found is GivenKey remembered
            && authorization == remembered.Authorization)
        {
            return Find(remembered.Digest, out fault);
        }

        var given = authorization is not null
            && authorization.Length > Scheme.Length
            && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        if (!given)
        {
            fault = KeyFault.Missing;
            return null;
        }

        var secret = authorization.AsSpan(Scheme.Length).Trim();
        if (secret.Length is 0 or > KeyDigest.MaxKeyChars)
        {
            fault = KeyFault.Unknown;
            return null;
        }

        var digest = KeyDigest.Of(secret);
        connection?[Remembered] = new GivenKey(authorization!, digest);
        return Find(digest, out fault);
    }

    /// <summary>The key of a secret, however it came.</summary>
    /// <param name="fault">Why there is none; <see cref="KeyFault.Missing"/>: the secret is empty.</param>
    public ApiKey? FindSecret(ReadOnlySpan<char> secret, out KeyFault fault)
    {
        if (secret.Length is 0 or > KeyDigest.MaxKeyChars)
        {
            fault = secret.IsEmpty ? KeyFault.Missing : KeyFault.Unknown;
            return null;
        }

        return Find(KeyDigest.Of(secret), out fault);
    }

    /// <summary>The key of an id while it is good, for who may know it by that.</summary>
    /// <param name="tenant">Whose it is; null: whoever's.</param>
    public ApiKey? FindById(string? tenant, string id)
    {
        var key = keys.Values.FirstOrDefault(key => key.Id == id && (tenant is null || key.Tenant == tenant));
        return key is null || FaultOf(key) != KeyFault.None
            ? store?.FindById(id) is { } stored && (tenant is null || stored.Tenant == tenant) ? stored : null
            : key;
    }

    /// <summary>The key of an id of the store, as it was when it was good; null: it is forgotten, or of the configuration.</summary>
    public ApiKey? Recall(string tenant, string id) => store?.Recall(id) is { } key && key.Tenant == tenant ? key : null;

    ApiKey? Find(in KeyDigest digest, out KeyFault fault)
    {
        if (!keys.TryGetValue(digest, out var key))
        {
            fault = KeyFault.Unknown;
            return store?.Find(digest, out fault);
        }

        fault = FaultOf(key);
        return fault == KeyFault.None ? key : null;
    }

    KeyFault FaultOf(ApiKey key) => store?.FaultOf(key) ?? KeyFault.None;

    /// <summary>A header that a connection has brought before, which Kestrel keeps as the same string.</summary>
    sealed record GivenKey(string Authorization, KeyDigest Digest)
    {
        public override string ToString() => nameof(GivenKey);
    }
}
