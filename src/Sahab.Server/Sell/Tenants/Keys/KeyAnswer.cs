using System.Text.Json.Serialization;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>A key as the control API tells it.</summary>
internal sealed record KeyAnswer
{
    public required string Object { get; init; }

    public required string Id { get; init; }

    public required string Organisation { get; init; }

    public required string Project { get; init; }

    /// <summary>Only where it was just made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    public required string Name { get; init; }

    public required string? ExpiresAt { get; init; }

    /// <summary>Null: all; so are the next two.</summary>
    public required IReadOnlyList<string>? Models { get; init; }

    public required IReadOnlyList<ServiceTier>? ServiceTiers { get; init; }

    public required IReadOnlyList<string>? Countries { get; init; }

    /// <summary>Rules on its data, within those of its project; null: none of its own.</summary>
    public required DataRulesDesk.DataRulesBody? Data { get; init; }

    public required KeyLimitsAnswer Limits { get; init; }

    /// <summary><c>active</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The end of its newest secret.</summary>
    public required string Hint { get; init; }

    public required string CreatedBy { get; init; }

    public required string CreatedAt { get; init; }

    public required string? RevokedAt { get; init; }

    public required string? LastUsedAt { get; init; }

    /// <summary>Those that are still good.</summary>
    public required IReadOnlyList<OldSecretAnswer> OldSecrets { get; init; }

    /// <param name="secret">Only where it was just made.</param>
    public static KeyAnswer Of(StoreKey key, DateTimeOffset now, string? secret = null) => new()
    {
        Object = "api_key",
        Id = key.Id,
        Organisation = key.Organisation,
        Project = key.Project,
        Secret = secret,
        Name = key.Terms.Name,
        ExpiresAt = KeyJson.Time(key.Terms.ExpiresAt),
        Models = key.Terms.Models,
        ServiceTiers = key.Terms.Tiers,
        Countries = key.Terms.Countries,
        Data = key.Terms.Data is { } data ? DataRulesDesk.DataRulesBody.Of(data) : null,
        Limits = new KeyLimitsAnswer(key.Terms.RequestsPerMinute, key.Terms.TokensPerMinute, key.Terms.Concurrency),
        Status = key.RevokedAt is not null ? "revoked" : key.IsGoodAt(now) ? "active" : "expired",
        Hint = key.Secrets.Length > 0 ? key.Secrets[^1].Hint : "",
        CreatedBy = key.CreatedBy,
        CreatedAt = KeyJson.Time(key.CreatedAt),
        RevokedAt = KeyJson.Time(key.RevokedAt),
        LastUsedAt = KeyJson.Time(key.LastUsedAt),
        OldSecrets =
        [
            .. key.Secrets.Where(each => each.GoodUntil > now)
                .Select(each => new OldSecretAnswer(each.Hint, KeyJson.Time(each.GoodUntil)!)),
        ],
    };

    public override string ToString() => nameof(KeyAnswer);
}

/// <summary>What a key may use of us; null: there is no such limit.</summary>
internal sealed record KeyLimitsAnswer(int? RequestsPerMinute, long? TokensPerMinute, int? Concurrency);

/// <summary>A secret that another has taken the place of.</summary>
/// <param name="Hint">Its last characters.</param>
internal sealed record OldSecretAnswer(string Hint, string GoodUntil);
