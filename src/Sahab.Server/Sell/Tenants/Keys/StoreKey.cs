using System.Collections.Immutable;
using Sahab.Routing.Requests;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>A key that an organisation made for one of its projects. The secrets themselves are nowhere.</summary>
internal sealed record StoreKey
{
    /// <summary>The kind of its public id.</summary>
    public const string Kind = "key";

    /// <summary>Unique in the world; it stays while the secrets change.</summary>
    public required string Id { get; init; }

    public required string Organisation { get; init; }

    public required string Project { get; init; }

    public required KeyTerms Terms { get; init; }

    /// <summary>Who made it: a caller's name.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>To the minute or so.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The number of its last change.</summary>
    public long ChangeNumber { get; init; }

    /// <summary>The newest last: the one that is handed out now.</summary>
    public ImmutableArray<KeySecret> Secrets { get; init; } = [];

    /// <summary>Whether it lets anybody in at that time, whatever the secret.</summary>
    public bool IsGoodAt(DateTimeOffset time) => RevokedAt is null && !(Terms.ExpiresAt <= time);
}

/// <summary>What the maker of a key decides, and may decide anew.</summary>
internal sealed record KeyTerms
{
    public required string Name { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The models, or aliases, that it may ask for; null: all.</summary>
    public ImmutableArray<string>? Models { get; init; }

    /// <summary>The service tiers that its calls may have; null: all.</summary>
    public ImmutableArray<ServiceTier>? Tiers { get; init; }

    /// <summary>The countries that its calls may be served in; null: all.</summary>
    public ImmutableArray<string>? Countries { get; init; }

    /// <summary>Where its data may go and how long it is kept, within the rules of its project; null: as those say.</summary>
    public DataConfig? Data { get; init; }

    /// <summary>At least 1; null: no limit.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>At least 1; null: no limit.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>At least 1; null: no limit.</summary>
    public int? Concurrency { get; init; }
}

/// <summary>One secret of a key.</summary>
/// <param name="Digest">Its SHA-256 in hexadecimal.</param>
/// <param name="Hint">Its last characters, to tell it by.</param>
/// <param name="GoodUntil">When it ends, as another has taken its place; null: it is the newest.</param>
internal sealed record KeySecret(string Digest, string Hint, DateTimeOffset CreatedAt, DateTimeOffset? GoodUntil);
