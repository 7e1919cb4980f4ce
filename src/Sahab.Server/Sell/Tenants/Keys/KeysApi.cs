using System.Text.Json.Nodes;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>Keys of an organisation's projects in the control API.</summary>
internal static class KeysApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/organisations/{organisation}/projects/{project}/keys")
            .Needs(Permission.SeeKeys, Permission.ChangeKeys);
        keys.MapGet("", ListProjectAsync).Pages<KeyAnswer>()
            .WithSummary("The keys of a project, by their ids, never with their secrets.");
        keys.MapPost("", CreateAsync).Reads<KeyBody>().Produces<KeyAnswer>()
            .WithSummary("Make a key. Its secret is in this answer and in no other.");
        keys.MapGet("/{key}", ShowAsync).Produces<KeyAnswer>().WithSummary("One key.");
        keys.MapPatch("/{key}", ChangeAsync).Reads<KeyBody>().Produces<KeyAnswer>()
            .WithSummary("Change a key's name, expiry, scopes, rules on data or limits.");
        keys.MapPost("/{key}/rotate", RotateAsync).Reads<RotateBody>().Produces<KeyAnswer>()
            .WithSummary("Give a key another secret; the one before stays good for overlap_hours.");
        keys.MapPost("/{key}/revoke", RevokeAsync).Produces<KeyAnswer>()
            .WithSummary("End a key and all its secrets, at once and for good.");
        api.MapGet("/organisations/{organisation}/keys", ListAllAsync).Needs(Permission.SeeKeys).Pages<KeyAnswer>()
            .WithSummary("The keys of all projects of an organisation, by their ids.");
    }

    static Task<IResult> ListProjectAsync(
        string organisation, string project, HttpContext context, KeyStore store, TimeProvider time) =>
        ListAsync(organisation, project, context, store, time);

    static Task<IResult> ListAllAsync(string organisation, HttpContext context, KeyStore store, TimeProvider time) =>
        ListAsync(organisation, null, context, store, time);

    static async Task<IResult> ListAsync(
        string organisation, string? project, HttpContext context, KeyStore store, TimeProvider time) =>
        !ListPage.TryRead(context, out var page, out var fault) ? fault! : page.Answer(
            await store.ListAsync(organisation, project, page, context.RequestAborted),
            key => KeyAnswer.Of(key, time.GetUtcNow()), key => key.Id);

    static async Task<IResult> ShowAsync(
        string organisation, string project, string key, HttpContext context, KeyStore store, TimeProvider time) =>
        await store.ReadAsync(organisation, key, context.RequestAborted) is { } found && found.Project == project
            ? Results.Ok(KeyAnswer.Of(found, time.GetUtcNow()))
            : Unknown(key);

    static async Task<IResult> CreateAsync(
        string organisation, string project, HttpContext context, KeyDesk desk, ConfigurationState configuration,
        TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadObjectAsync(context);
        if (body is null)
        {
            return fault!;
        }

        var (terms, wrong) = KeyJson.Read(body, null, configuration.Current, time.GetUtcNow());
        return terms is null
            ? wrong!
            : Answer(
                await desk.CreateAsync(organisation, project, terms, Caller.Of(context), context.RequestAborted), "", time);
    }

    static async Task<IResult> ChangeAsync(
        string organisation, string project, string key, HttpContext context, KeyDesk desk,
        ConfigurationState configuration, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadObjectAsync(context);
        return body is null ? fault! : Answer(
            await desk.ChangeAsync(
                organisation, project, key, before => KeyJson.Read(body, before, configuration.Current, time.GetUtcNow()),
                Caller.Of(context), context.RequestAborted),
            key, time);
    }

    static async Task<IResult> RotateAsync(
        string organisation, string project, string key, HttpContext context, KeyDesk desk, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadObjectAsync(context);
        if (body is null)
        {
            return fault!;
        }

        var hours = KeyDesk.UsualOverlap.TotalHours;
        if (body.Any(member => member.Key != "overlap_hours")
            || (body["overlap_hours"] is { } given && !(given is JsonValue value && value.TryGetValue(out hours)))
            || !(hours >= 0 && hours <= KeyDesk.LongestOverlap.TotalHours))
        {
            return ControlError.Invalid(
                "overlap_hours",
                $"overlap_hours is all that may be said, and must be 0 to {KeyDesk.LongestOverlap.TotalHours}: for so long "
                + "the secret before stays good.");
        }

        return Answer(
            await desk.RotateAsync(
                organisation, project, key, TimeSpan.FromHours(hours), Caller.Of(context), context.RequestAborted),
            key, time);
    }

    static async Task<IResult> RevokeAsync(
        string organisation, string project, string key, HttpContext context, KeyDesk desk, TimeProvider time) =>
        Answer(await desk.RevokeAsync(organisation, project, key, Caller.Of(context), context.RequestAborted), key, time);

    static IResult Answer(KeyChange? change, string id, TimeProvider time) =>
        change is null ? Unknown(id)
        : change.Refusal is { } refusal ? refusal
        : Results.Ok(KeyAnswer.Of(change.Key!, time.GetUtcNow(), change.Secret));

    /// <summary>For the description of the API: what is read is told from what is left out by <see cref="KeyJson"/>.</summary>
    sealed record KeyBody(
        string? Name, DateTimeOffset? ExpiresAt, string[]? Models, string[]? ServiceTiers, string[]? Countries,
        DataRulesDesk.DataRulesBody? Data, KeyLimits? Limits);

    /// <summary>For the description of the API.</summary>
    sealed record KeyLimits(int? RequestsPerMinute, long? TokensPerMinute, int? Concurrency);

    /// <summary>For the description of the API.</summary>
    sealed record RotateBody(double? OverlapHours);

    static ControlProblem Unknown(string key) => ControlError.NotFound("key", $"There is no key '{key}' in this project.");
}
