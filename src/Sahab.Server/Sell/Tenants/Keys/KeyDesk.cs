using System.Data.Common;
using System.Text.Json.Nodes;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>A key with what only now can be told of it.</summary>
/// <param name="Secret">The secret, where one was made; it is never told again.</param>
/// <param name="Refusal">Why nothing was done; null: it was.</param>
internal sealed record KeyChange(StoreKey? Key, string? Secret = null, ControlProblem? Refusal = null);

/// <summary>
/// Makes and changes keys: each change in one transaction with its entry in the audit log, and in force on this node
/// before it is answered.
/// </summary>
internal sealed class KeyDesk(
    KeyStore store, KeyHolders holders, KeyFeed feed, DataRulesDesk rules, AuditLog audit, IdSource ids, TimeProvider time)
{
    /// <summary>Keys of an organisation that are not revoked.</summary>
    public const int MaxKeysOfOrganisation = 1_000;

    /// <summary>Secrets of a key that are good at the same time.</summary>
    public const int MaxSecrets = 8;

    /// <summary>Secrets of a key that were good once and are remembered, those that still are among them.</summary>
    const int MaxOldSecrets = 16;

    /// <summary>The longest that an old secret stays good beside its successor.</summary>
    public static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(7);

    public static readonly TimeSpan UsualOverlap = TimeSpan.FromHours(24);

    public async Task<KeyChange> CreateAsync(
        string organisation, string project, KeyTerms terms, Caller caller, CancellationToken cancellation)
    {
        if (await holders.FindFaultAsync(organisation, project, cancellation) is { } fault)
        {
            return new KeyChange(null, null, fault);
        }

        if (feed.IsFull)
        {
            return new KeyChange(null, null, ControlError.Conflict(
                $"This server knows {KeyFeed.MaxKeys} keys, and no more. Revoke some first."));
        }

        if (FaultOf(organisation, project, "that is new", terms, null) is { } leak)
        {
            return new KeyChange(null, null, leak);
        }

        var (now, secret) = (time.GetUtcNow(), SecretText.Create());
        var key = new StoreKey
        {
            Id = PublicId.Make(StoreKey.Kind, ids.Next()),
            Organisation = organisation,
            Project = project,
            Terms = terms,
            CreatedBy = caller.Name,
            CreatedAt = now,
            Secrets = [New(secret, now)],
        };
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        key = key with { ChangeNumber = await KeyStore.NextChangeAsync(connection, transaction, cancellation) };
        if (await KeyStore.CountAsync(connection, transaction, organisation, cancellation) >= MaxKeysOfOrganisation)
        {
            return new KeyChange(null, null, ControlError.Conflict(
                $"The organisation has {MaxKeysOfOrganisation} keys, the most that one may have. Revoke some first."));
        }

        await KeyStore.AddAsync(connection, transaction, key, cancellation);
        await WriteAsync(connection, transaction, caller, "key.created", key, Describe(key.Terms), cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Changed(key);
        return new KeyChange(key, secret);
    }

    /// <summary>Puts other terms in force. Null: there is no such key.</summary>
    public Task<KeyChange?> ChangeAsync(
        string organisation, string project, string id, Func<KeyTerms, (KeyTerms?, ControlProblem?)> change, Caller caller,
        CancellationToken cancellation) => ChangeAsync(
        organisation, project, id, caller, "key.changed",
        (key, _) =>
        {
            if (key.RevokedAt is not null)
            {
                return new KeyChange(null, null, Revoked(key));
            }

            var (terms, refusal) = change(key.Terms);
            refusal ??= FaultOf(organisation, project, key.Id, terms!, key.Terms);
            return refusal is null ? new KeyChange(key with { Terms = terms! }) : new KeyChange(null, null, refusal);
        },
        key => Describe(key.Terms), cancellation);

    /// <summary>Gives the key another secret; the one before stays good for a while. Null: there is no such key.</summary>
    public Task<KeyChange?> RotateAsync(
        string organisation, string project, string id, TimeSpan overlap, Caller caller, CancellationToken cancellation) =>
        ChangeAsync(
            organisation, project, id, caller, "key.rotated",
            (key, now) =>
            {
                if (!key.IsGoodAt(now))
                {
                    return new KeyChange(null, null, key.RevokedAt is not null ? Revoked(key) : ControlError.Conflict(
                        "The key has expired. Give it another expires_at first, or make another key."));
                }

                var end = now + overlap;
                var old = key.Secrets
                    .Where(each => !(each.GoodUntil <= now - KeyFeed.Remembered))
                    .Select(each => each.GoodUntil <= end ? each : each with { GoodUntil = end })
                    .TakeLast(MaxOldSecrets)
                    .ToList();
                if (old.Count(each => each.GoodUntil > now) >= MaxSecrets)
                {
                    return new KeyChange(null, null, ControlError.Conflict(
                        $"{MaxSecrets} secrets of the key are still good. Wait until the oldest has ended, or rotate with "
                        + "an overlap of 0 hours, which ends them all."));
                }

                var secret = SecretText.Create();
                return new KeyChange(key with { Secrets = [.. old, New(secret, now)] }, secret);
            },
            key => new JsonObject { ["hint"] = key.Secrets[^1].Hint, ["overlap_hours"] = overlap.TotalHours }, cancellation);

    /// <summary>Ends the key and all its secrets now. Null: there is no such key.</summary>
    public Task<KeyChange?> RevokeAsync(
        string organisation, string project, string id, Caller caller, CancellationToken cancellation) => ChangeAsync(
        organisation, project, id, caller, "key.revoked",
        (key, now) => new KeyChange(key with { RevokedAt = key.RevokedAt ?? now }), static _ => null, cancellation);

    async Task<KeyChange?> ChangeAsync(
        string organisation, string project, string id, Caller caller, string action,
        Func<StoreKey, DateTimeOffset, KeyChange> change, Func<StoreKey, JsonObject?> describe,
        CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var number = await KeyStore.NextChangeAsync(connection, transaction, cancellation);
        var key = await KeyStore.ReadAsync(connection, transaction, organisation, id, cancellation);
        if (key is null || key.Project != project)
        {
            return null;
        }

        var changed = change(key, time.GetUtcNow());
        if (changed.Key is null)
        {
            return changed;
        }

        changed = changed with { Key = changed.Key with { ChangeNumber = number } };
        await KeyStore.ChangeAsync(connection, transaction, changed.Key, cancellation);
        await WriteAsync(connection, transaction, caller, action, changed.Key, describe(changed.Key), cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Changed(changed.Key);
        return changed;
    }

    /// <summary>What is wrong with rules on the key's data that were not its own before: that they could not be kept.</summary>
    ControlProblem? FaultOf(string organisation, string project, string key, KeyTerms terms, KeyTerms? before) =>
        terms.Data is { } data && !ReferenceEquals(data, before?.Data)
            ? rules.JudgeKey(new KeyRules(organisation, project, key, data))
            : null;

    Task WriteAsync(
        DbConnection connection, DbTransaction transaction, Caller caller, string action, StoreKey key, JsonObject? details,
        CancellationToken cancellation)
    {
        details ??= [];
        details["project"] = key.Project;
        return audit.AppendAsync(
            connection, transaction,
            new AuditEntry(caller.Name, action, key.Id) { Organisation = key.Organisation, Details = details }, cancellation);
    }

    static KeySecret New(string secret, DateTimeOffset now) =>
        new(SecretText.DigestOf(secret), SecretText.HintOf(secret), now, null);

    static ControlProblem Revoked(StoreKey key) =>
        ControlError.Conflict($"The key '{key.Id}' is revoked, which cannot be undone. Make another.");

    static JsonObject Describe(KeyTerms terms)
    {
        var json = new JsonObject();
        KeyJson.Write(json, terms);
        return json;
    }
}
