using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Audit;

/// <summary>
/// An export of the log: one JSON object on each line, and the end of the chain on the last. Details are a text, so that
/// tools that write JSON anew do not break the chain.
/// </summary>
internal static class AuditFile
{
    const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    /// <summary>A line of the export, without its end.</summary>
    public static string LineOf(AuditRow row) => new JsonObject
    {
        ["number"] = row.Number,
        ["at"] = UnixMicroseconds.ToTime(row.AtUs).UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture),
        ["actor"] = row.Actor,
        ["action"] = row.Action,
        ["organisation"] = row.Organisation,
        ["subject"] = row.Subject,
        ["details"] = row.Details,
        ["hash"] = row.Hash,
    }.ToJsonString();

    /// <summary>The last line of the export.</summary>
    public static string LineOf(AuditHead head) => new JsonObject { ["head"] = head.ToString() }.ToJsonString();

    /// <summary>An end of the chain as it is printed; null: it is not one.</summary>
    public static AuditHead? ParseHead(string? text) =>
        text?.Split(':') is [var number, var hash]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? new AuditHead(value, hash)
            : null;

    /// <summary>Verifies an export without any server.</summary>
    /// <param name="known">An end of the chain that was known before; null: only the export's own.</param>
    public static async Task<AuditVerifier> VerifyAsync(
        TextReader lines, AuditHead? known, CancellationToken cancellation)
    {
        var verifier = new AuditVerifier();
        AuditHead? own = null;
        verifier.Passes(known);
        while (verifier.Fault is null && await lines.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            var (row, head) = Parse(line);
            own = head ?? own;
            if (row is null ? head is null && !verifier.Take(Unreadable(verifier)) : !verifier.Take(row))
            {
                break;
            }

            verifier.Passes(known);
        }

        if (verifier.End(known) && verifier.End(own))
        {
            verifier.Passes(own);
        }

        return verifier;
    }

    // Of a line that says nothing the next entry's number is known: it is that one which was altered.
    static AuditRow Unreadable(AuditVerifier verifier) => new() { Number = verifier.Entries + 1, Hash = "?" };

    static (AuditRow? Row, AuditHead? Head) Parse(string line)
    {
        try
        {
            var json = JsonElement.Parse(line);
            if (json.TryGetProperty("head"u8, out var head))
            {
                return (null, ParseHead(head.GetString()));
            }

            return (new AuditRow
            {
                Number = json.GetProperty("number"u8).GetInt64(),
                AtUs = UnixMicroseconds.From(DateTimeOffset.ParseExact(
                    json.GetProperty("at"u8).GetString()!, TimeFormat, CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal)),
                Actor = Text(json, "actor"),
                Action = Text(json, "action"),
                Organisation = Text(json, "organisation"),
                Subject = Text(json, "subject"),
                Details = Text(json, "details"),
                Hash = Text(json, "hash"),
            }, null);
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException)
        {
            return (null, null);
        }
    }

    static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
