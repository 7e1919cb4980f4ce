using System.Collections.Immutable;
using System.Text.Json;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>A key and one of its secrets as the store's rows hold them.</summary>
internal sealed class KeyRow
{
    public string KeyId { get; init; } = "";

    public string Organisation { get; init; } = "";

    public string Project { get; init; } = "";

    public string Name { get; init; } = "";

    public string Models { get; init; } = "";

    public string Tiers { get; init; } = "";

    public string Countries { get; init; } = "";

    public string Data { get; init; } = "";

    public long? RequestsPerMinute { get; init; }

    public long? TokensPerMinute { get; init; }

    public long? Concurrency { get; init; }

    public string CreatedBy { get; init; } = "";

    public long CreatedUs { get; init; }

    public long? ExpiresUs { get; init; }

    public long? RevokedUs { get; init; }

    public long? LastUsedUs { get; init; }

    public long ChangeNumber { get; init; }

    public string? Digest { get; init; }

    public string? Hint { get; init; }

    public long? SecretCreatedUs { get; init; }

    public long? GoodUntilUs { get; init; }

    public static long? ToUs(DateTimeOffset? time) => time is { } at ? UnixMicroseconds.From(at) : null;

    public static KeyRow Of(StoreKey key) => new()
    {
        KeyId = key.Id,
        Organisation = key.Organisation,
        Project = key.Project,
        Name = key.Terms.Name,
        Models = Write(key.Terms.Models),
        Tiers = Write(key.Terms.Tiers?.Select(tier => tier.ToString()).ToImmutableArray()),
        Countries = Write(key.Terms.Countries),
        Data = key.Terms.Data is { } data ? DataRulesText.Write(data) : "",
        RequestsPerMinute = key.Terms.RequestsPerMinute,
        TokensPerMinute = key.Terms.TokensPerMinute,
        Concurrency = key.Terms.Concurrency,
        CreatedBy = key.CreatedBy,
        CreatedUs = UnixMicroseconds.From(key.CreatedAt),
        ExpiresUs = ToUs(key.Terms.ExpiresAt),
        RevokedUs = ToUs(key.RevokedAt),
        ChangeNumber = key.ChangeNumber,
    };

    /// <summary>The keys of rows in which those of one key follow one another.</summary>
    public static List<StoreKey> ToKeys(List<KeyRow> rows)
    {
        var keys = new List<StoreKey>();
        for (var first = 0; first < rows.Count;)
        {
            var end = first + 1;
            while (end < rows.Count && rows[end].KeyId == rows[first].KeyId)
            {
                end++;
            }

            keys.Add(rows[first].ToKey(rows[first..end]));
            first = end;
        }

        return keys;
    }

    StoreKey ToKey(List<KeyRow> rows) => new()
    {
        Id = KeyId,
        Organisation = Organisation,
        Project = Project,
        Terms = new KeyTerms
        {
            Name = Name,
            ExpiresAt = ToTime(ExpiresUs),
            Models = Read(Models),
            Tiers = Read(Tiers)?.Select(Enum.Parse<ServiceTier>).ToImmutableArray(),
            Countries = Read(Countries),
            Data = Data.Length == 0 ? null : DataRulesText.Read(Data),
            RequestsPerMinute = (int?)RequestsPerMinute,
            TokensPerMinute = TokensPerMinute,
            Concurrency = (int?)Concurrency,
        },
        CreatedBy = CreatedBy,
        CreatedAt = UnixMicroseconds.ToTime(CreatedUs),
        RevokedAt = ToTime(RevokedUs),
        LastUsedAt = ToTime(LastUsedUs),
        ChangeNumber = ChangeNumber,
        Secrets =
        [
            .. rows.Where(row => row.Digest is not null)
                .Select(row => new KeySecret(
                    row.Digest!, row.Hint!, UnixMicroseconds.ToTime(row.SecretCreatedUs!.Value), ToTime(row.GoodUntilUs)))
                .OrderBy(secret => secret.GoodUntil is null)
                .ThenBy(secret => secret.CreatedAt),
        ],
    };

    static DateTimeOffset? ToTime(long? us) => us is { } at ? UnixMicroseconds.ToTime(at) : null;

    static string Write(ImmutableArray<string>? list) => list is { } names ? JsonSerializer.Serialize(names) : "";

    static ImmutableArray<string>? Read(string json) =>
        json.Length == 0 ? null : JsonSerializer.Deserialize<ImmutableArray<string>>(json);
}
