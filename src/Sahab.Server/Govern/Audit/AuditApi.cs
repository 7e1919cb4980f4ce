using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Audit;

/// <summary>The log of changes for those who may read it: the operator all of it, an organisation its own part.</summary>
internal static class AuditApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var whole = api.MapGroup("/audit").Needs(Permission.SeeWholeAudit);
        whole.MapGet("", (HttpContext context, AuditStore store) => ListAsync(context, store, null))
            .Pages<AuditEntryAnswer>()
            .WithSummary("The log of changes, the newest first; filters: organisation, actor, action, subject, since, until.");
        whole.MapGet("/export", ExportAsync).Produces<string>(contentType: "application/x-ndjson")
            .WithSummary("The whole log as NDJSON, with the end of the chain on the last line.");
        whole.MapGet("/verify", VerifyAsync).Produces<AuditVerification>()
            .WithSummary("Follows the chain through the whole log; ?head= compares it with an end that was known before.");
        api.MapGet("/organisations/{organisation}/audit",
                (string organisation, HttpContext context, AuditStore store) => ListAsync(context, store, organisation))
            .Pages<AuditEntryAnswer>()
            .Needs(Permission.SeeAudit)
            .WithSummary("The organisation's part of the log of changes, the newest first.");
    }

    static async Task<IResult> ListAsync(HttpContext context, AuditStore store, string? organisation)
    {
        if (!ListPage.TryRead(context, out var page, out var fault) || ReadQuestion(context, page, out fault) is not { } question)
        {
            return fault!;
        }

        // A member's own organisation is no filter that the query could widen.
        question = question with { Organisation = organisation ?? question.Organisation };
        var rows = await store.ReadAsync(question, page.Rows, context.RequestAborted);
        return page.Answer(rows, AuditEntryAnswer.Of, row => row.Number.ToString(CultureInfo.InvariantCulture));
    }

    static AuditQuestion? ReadQuestion(HttpContext context, ListPage page, out ControlProblem? fault)
    {
        var query = context.Request.Query;
        long? before = null;
        if (page.After is { Length: > 0 } after)
        {
            if (!long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                fault = ControlError.Invalid("after", "'after' must be what 'next' of the answer before was.");
                return null;
            }

            before = number;
        }

        if (!TryTime(query["since"], out var since) || !TryTime(query["until"], out var until))
        {
            fault = ControlError.Invalid("since", "'since' and 'until' must be times, such as 2026-01-31T05:00:00Z.");
            return null;
        }

        fault = null;
        return new AuditQuestion
        {
            Organisation = query["organisation"],
            Actor = query["actor"],
            Action = query["action"],
            Subject = query["subject"],
            Since = since,
            Until = until,
            Before = before,
        };
    }

    static bool TryTime(string? text, out DateTimeOffset? time)
    {
        var isTime = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value);
        time = isTime ? value : null;
        return isTime || text is null;
    }

    static async Task ExportAsync(HttpContext context, AuditStore store)
    {
        context.Response.ContentType = "application/x-ndjson";
        var head = await store.HeadAsync(context.RequestAborted);
        var body = context.Response.Body;
        await foreach (var row in store.AllAsync(head, context.RequestAborted))
        {
            await body.WriteAsync(Encoding.UTF8.GetBytes(AuditFile.LineOf(row) + "\n"), context.RequestAborted);
        }

        await body.WriteAsync(Encoding.UTF8.GetBytes(AuditFile.LineOf(head) + "\n"), context.RequestAborted);
    }

    static async Task<IResult> VerifyAsync(HttpContext context, AuditStore store, AuditTurn turn)
    {
        string? text = context.Request.Query["head"];
        var known = AuditFile.ParseHead(text);
        if (text is not null && known is null)
        {
            return ControlError.Invalid("head", "'head' must be an entry's number, a colon and its hash, as an export ends with.");
        }

        using var held = turn.Take();
        return held is null
            ? ControlError.TooMany("The log is being followed for somebody else. Wait, and ask again.", AuditTurn.Wait)
            : Results.Ok(await FollowAsync(store, known, context.RequestAborted));
    }

    /// <summary>Follows the chain through the whole log, for who has the turn (<see cref="AuditTurn"/>).</summary>
    /// <param name="known">An end that was known before; null: none was.</param>
    public static async Task<AuditVerification> FollowAsync(
        AuditStore store, AuditHead? known, CancellationToken cancellation)
    {
        var verifier = new AuditVerifier();
        var head = await store.HeadAsync(cancellation);
        verifier.Passes(known);
        await foreach (var row in store.AllAsync(head, cancellation))
        {
            if (!verifier.Take(row) || !verifier.Passes(known))
            {
                break;
            }
        }

        var isSound = verifier.End(head) && verifier.Passes(head) && verifier.End(known);
        return new AuditVerification(isSound, verifier.Entries, verifier.Head.ToString(), verifier.Fault);
    }
}

/// <summary>An entry of the log as the control API tells it.</summary>
internal sealed record AuditEntryAnswer(
    long Number, DateTimeOffset At, string Actor, string Action, string? Organisation, string Subject, JsonNode? Details,
    string Hash)
{
    public static AuditEntryAnswer Of(AuditRow row) => new(
        row.Number, UnixMicroseconds.ToTime(row.AtUs), row.Actor, row.Action,
        row.Organisation.Length == 0 ? null : row.Organisation, row.Subject,
        row.Details.Length == 0 ? null : JsonNode.Parse(row.Details), row.Hash);
}

/// <summary>What following the chain came to.</summary>
/// <param name="Entries">Entries that were followed.</param>
/// <param name="Head">The end of the chain: give it to a later verification.</param>
/// <param name="Fault">What is wrong, where something is.</param>
internal sealed record AuditVerification(bool Sound, long Entries, string Head, string? Fault);
