using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Residency;

/// <summary>Rules that were set at run time.</summary>
/// <param name="Project">Empty: they are of the whole organisation.</param>
internal sealed record StoredRules(string Organisation, string Project, DataConfig Rules);

/// <summary>The rules on data that are set at run time.</summary>
internal sealed class DataRulesStore(SahabDatabase database, AuditLog audit, TimeProvider time)
{
    /// <summary>Rules that there may be, of all organisations together.</summary>
    public const int MaxRules = 100_000;

    /// <summary>Rules that one organisation may have, for itself and its projects.</summary>
    public const int MaxRulesOfOne = 1000;

    const string Select = "SELECT organisation, project, rules FROM data_rule";

    public async Task<List<StoredRules>> ReadAllAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // Twice as many, so that nothing is left out that came in at the same time on several nodes.
        return await ReadAsync(connection, null, $"{Select} LIMIT @Most", new { Most = 2 * MaxRules }, cancellation);
    }

    /// <summary>
    /// Sets or removes rules, if what judges them finds nothing wrong with what the organisation's rules then are. Nobody
    /// else changes any rule meanwhile.
    /// </summary>
    /// <param name="rules">The rules; null removes them.</param>
    /// <param name="judge">What is wrong with all rules of the organisation, as they would be; null: nothing.</param>
    /// <param name="actor">Who changes them.</param>
    /// <returns>What was wrong, so that nothing has changed; null: it is done.</returns>
    public async Task<T?> ChangeAsync<T>(
        string organisation, string project, DataConfig? rules, Func<List<StoredRules>, T?> judge, string actor,
        CancellationToken cancellation)
        where T : class
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ChangeCounter.CountAsync(connection, transaction, cancellation);
        var all = await ReadAsync(
            connection, transaction, $"{Select} WHERE organisation = @Organisation LIMIT @MaxRules",
            new { Organisation = organisation, MaxRules }, cancellation);
        all.RemoveAll(stored => stored.Project == project);
        if (rules is not null)
        {
            all.Add(new StoredRules(organisation, project, rules));
        }

        if (judge(all) is { } fault)
        {
            return fault;
        }

        var row = new
        {
            Organisation = organisation,
            Project = project,
            Rules = rules is null ? "" : DataRulesText.Write(rules),
            ChangedUs = UnixMicroseconds.From(time.GetUtcNow()),
        };
        await connection.ExecuteAsync(new CommandDefinition(
            rules is null
                ? "DELETE FROM data_rule WHERE organisation = @Organisation AND project = @Project"
                : """
                INSERT INTO data_rule (organisation, project, rules, changed_us)
                VALUES (@Organisation, @Project, @Rules, @ChangedUs)
                ON CONFLICT (organisation, project) DO UPDATE SET rules = excluded.rules, changed_us = excluded.changed_us
                """,
            row, transaction, cancellationToken: cancellation));
        await audit.AppendAsync(
            connection, transaction,
            new AuditEntry(
                actor, rules is null ? "data_rules.removed" : "data_rules.set",
                project.Length == 0 ? organisation : $"{organisation}/{project}")
            {
                Organisation = organisation,
                Details = rules is null ? null : DataRulesText.ToJson(rules),
            },
            cancellation);
        await transaction.CommitAsync(cancellation);
        return null;
    }

    static async Task<List<StoredRules>> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string sql, object parameters, CancellationToken cancellation) =>
        (await connection.ReadAllAsync<(string Organisation, string Project, string Rules)>(
            new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation)))
        .ConvertAll(row => new StoredRules(row.Organisation, row.Project, DataRulesText.Read(row.Rules)));
}

/// <summary>Rules as JSON: countries and zones as they were named, so that a zone means what it means when it is asked.</summary>
internal static class DataRulesText
{
    public static JsonObject ToJson(DataConfig rules)
    {
        var json = new JsonObject();
        foreach (var (name, places) in (ReadOnlySpan<(string, ImmutableArray<string>?)>)
        [
            ("process_in", rules.ProcessIn), ("store_in", rules.StoreIn), ("usage_in", rules.UsageIn),
        ])
        {
            if (places is { } some)
            {
                json[name] = new JsonArray([.. some.Select(place => (JsonNode)place)]);
            }
        }

        if (rules.KeepFor is { } keep)
        {
            json["keep_for"] = Scalars.Format(keep);
        }

        return json;
    }

    /// <summary>Every country and zone that rules name.</summary>
    public static IEnumerable<string> PlacesOf(DataConfig rules) =>
        new[] { rules.ProcessIn, rules.StoreIn, rules.UsageIn }.Where(places => places is not null)
            .SelectMany(places => places!.Value).Distinct(StringComparer.Ordinal);

    public static string Write(DataConfig rules) => ToJson(rules).ToJsonString();

    public static DataConfig Read(string text)
    {
        var json = JsonElement.Parse(text);
        return new DataConfig
        {
            ProcessIn = Places(json, "process_in"),
            StoreIn = Places(json, "store_in"),
            UsageIn = Places(json, "usage_in"),
            KeepFor = json.TryGetProperty("keep_for", out var keep) && Scalars.TryDuration(keep.GetString()!, out var time)
                ? time
                : null,
        };
    }

    static ImmutableArray<string>? Places(JsonElement json, string name) =>
        json.TryGetProperty(name, out var places)
            ? [.. places.EnumerateArray().Select(place => place.GetString()!)]
            : null;
}
