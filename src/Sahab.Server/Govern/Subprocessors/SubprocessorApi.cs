using System.Collections.Immutable;
using System.Globalization;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Subprocessors;

/// <summary>The register: public to read, the operator's to change.</summary>
internal static class SubprocessorApi
{
    const int MaxNameChars = 200;
    const int MaxPurposeChars = 2000;

    public static void Map(IEndpointRouteBuilder api)
    {
        var register = api.MapGroup("/subprocessors");
        register.MapGet("", (DataRulesShelf shelf, TimeProvider time) => Results.Ok(Listing<SubprocessorAnswer>.Whole(
                shelf.Tables.Register.Select(each => SubprocessorAnswer.Of(each, time.GetUtcNow(), withProvider: false)))))
            .Needs(Permission.Public).Produces<Listing<SubprocessorAnswer>>()
            .WithSummary("Who processes data for us: name, purpose, countries, since when, and what was announced. Public.");
        register.MapGet("/register", (DataRulesShelf shelf, TimeProvider time) => Results.Ok(Listing<SubprocessorAnswer>.Whole(
                shelf.Tables.Register.Select(each => SubprocessorAnswer.Of(each, time.GetUtcNow(), withProvider: true)))))
            .Needs(Permission.SeeWholeAudit).Produces<Listing<SubprocessorAnswer>>()
            .WithSummary("The same with the provider of the configuration that each stands for.");
        register.MapGet("/stances", (HttpContext context, DataRulesShelf shelf) =>
                !ListPage.TryRead(context, out var page, out var fault) ? (IResult)fault!
                    : page.Answer(page.Cut(shelf.Tables.Stances, CursorOf), StanceAnswer.Of, CursorOf))
            .Needs(Permission.SeeWholeAudit).Pages<StanceAnswer>()
            .WithSummary("What organisations say of subprocessors: objections and early acceptances.");
        register.MapPost("", AddAsync).Reads<Addition>().Produces<SubprocessorAnswer>().Needs(Permission.ChangeRules)
            .WithSummary("Announce a subprocessor; it takes effect when its notice is over.");
        register.MapPatch("/{id}", ChangeAsync).Reads<Change>().Produces<SubprocessorAnswer>().Needs(Permission.ChangeRules)
            .WithSummary("Change its name or purpose, or take countries away, where it gets no data from now on; anything more is a "
                + "new subprocessor, with notice.");
        register.MapDelete("/{id}", RemoveAsync).Produces<SubprocessorAnswer>().Needs(Permission.ChangeRules)
            .WithSummary("Remove it: from now on it gets no data.");
    }

    static string CursorOf(Stance stance) => $"{stance.Organisation}/{stance.Subprocessor}";

    static async Task<IResult> AddAsync(
        HttpContext context, SubprocessorStore store, DataRulesShelf shelf, ConfigurationState configuration, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<Addition>(context);
        var config = configuration.Current;
        if (body is null || (fault = FaultOf(body, config)) is not null)
        {
            return fault!;
        }

        var now = time.GetUtcNow();
        var earliest = body.AlreadyInUse ? now : now + config.Subprocessors.Notice;
        var added = new Subprocessor(
            body.Id, body.Name.Trim(), body.Provider ?? "", body.Purpose.Trim(), [.. body.Countries.Order(StringComparer.Ordinal)],
            now, body.EffectiveAt is { } wanted && wanted > earliest ? wanted : earliest, null);
        if (await store.AddAsync(
            added, all => Judge(all, added, now), Caller.Of(context).Name, context.RequestAborted) is { } refused)
        {
            return refused;
        }

        await shelf.TryRefreshAsync();
        return Results.Ok(SubprocessorAnswer.Of(added, now, withProvider: true));
    }

    static ControlProblem? Judge(List<Subprocessor> all, Subprocessor added, DateTimeOffset now) =>
        all.Exists(each => each.Id == added.Id) ? ControlError.Conflict(
            $"There is, or was, a subprocessor '{added.Id}' already. Give this one another id.")
        : added.Provider.Length > 0 && new Register(all, now).Standing(added.Provider) is { } other ? ControlError.Conflict(
            $"The subprocessor '{other.Id}' stands for the provider {added.Provider} already. Remove that one first.")
        : all.Count >= SubprocessorStore.MaxSubprocessors ? ControlError.Conflict(
            $"The register holds {SubprocessorStore.MaxSubprocessors} subprocessors and takes no more.")
        : null;

    static ControlProblem? FaultOf(Addition body, SahabConfig config) =>
        body.Id is null || !TextForms.Fits(TextForm.Id, body.Id) ? ControlError.Invalid(
            "id", $"The id must be {TextForms.Describe(TextForm.Id)}.")
        : body.Provider is { Length: > 0 } provider && !TextForms.Fits(TextForm.Id, provider) ? ControlError.Invalid(
            "provider", $"The provider must be {TextForms.Describe(TextForm.Id)}, as in the configuration.")
        : body.AlreadyInUse && config.Subprocessors.Required ? ControlError.Conflict(
            "Every provider is in the register already (subprocessors.required), so that none can have been in use without "
            + "notice. Leave 'already_in_use' out.")
        : body.AlreadyInUse && !config.Deployments.Any(deployment => deployment.Provider == body.Provider)
            ? ControlError.Conflict("Only a provider that serves models now is already in use. Leave 'already_in_use' out.")
        : FaultOf(body.Name, body.Purpose, body.Countries);

    static ControlProblem? FaultOf(string? name, string? purpose, string[]? countries) =>
        string.IsNullOrWhiteSpace(name) || name.Length > MaxNameChars ? ControlError.Invalid(
            "name", $"The name must be a text of at most {MaxNameChars} characters.")
        : string.IsNullOrWhiteSpace(purpose) || purpose.Length > MaxPurposeChars ? ControlError.Invalid(
            "purpose", $"The purpose must be a text of at most {MaxPurposeChars} characters.")
        : countries is not { Length: > 0 } || !countries.All(Countries.Contains) || countries.Distinct().Count() < countries.Length
            ? ControlError.Invalid("countries", $"Name at least one; each is {TextForms.Describe(TextForm.Country)}.")
        : null;

    static async Task<IResult> ChangeAsync(
        string id, HttpContext context, SubprocessorStore store, DataRulesShelf shelf, ConfigurationState configuration,
        TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<Change>(context);
        if (body is null)
        {
            return fault!;
        }

        return await ReplaceAsync(
            id, context, store, shelf, time, "subprocessor.changed",
            before => FaultOf(body.Name ?? before.Name, body.Purpose ?? before.Purpose, body.Countries ?? [.. before.Countries])
                ?? (body.Countries?.Except(before.Countries).ToArray() is { Length: > 0 } more
                    ? ControlError.Conflict(
                        $"{string.Join(", ", more)} would be new, and tenants must be told of that in time. Announce another "
                        + "subprocessor with the new countries, and remove this one.")
                    : FaultOf(before, body.Countries, configuration.Current)),
            before => before with
            {
                Name = body.Name?.Trim() ?? before.Name,
                Purpose = body.Purpose?.Trim() ?? before.Purpose,
                Countries = body.Countries?.Order(StringComparer.Ordinal).ToImmutableArray() ?? before.Countries,
            });
    }

    /// <summary>What is wrong with taking countries away: that the register must name all in which the provider is.</summary>
    static ControlProblem? FaultOf(Subprocessor before, string[]? countries, SahabConfig config) =>
        config.Subprocessors.Required && countries is not null
        && config.FindProvider(before.Provider)?.Regions.FirstOrDefault(
            region => before.Countries.Except(countries).Contains(region.Country)) is { } region
            ? ControlError.Conflict(
                $"The configuration has the provider {before.Provider} in {region.Country}, its region {region.Id}, and "
                + "subprocessors.required wants that in the register. Take it out of the configuration first.")
            : null;

    static Task<IResult> RemoveAsync(
        string id, HttpContext context, SubprocessorStore store, DataRulesShelf shelf, ConfigurationState configuration,
        TimeProvider time)
    {
        var config = configuration.Current;
        var now = time.GetUtcNow();
        return ReplaceAsync(
            id, context, store, shelf, time, "subprocessor.removed",
            before => config.Subprocessors.Required && config.FindProvider(before.Provider) is not null
                ? ControlError.Conflict(
                    $"The configuration has the provider {before.Provider}, and subprocessors.required wants it in the register. "
                    + "Take it out of the configuration first.")
                : null,
            before => before with { RemovedAt = now });
    }

    static async Task<IResult> ReplaceAsync(
        string id, HttpContext context, SubprocessorStore store, DataRulesShelf shelf, TimeProvider time, string action,
        Func<Subprocessor, ControlProblem?> judge, Func<Subprocessor, Subprocessor> change)
    {
        Subprocessor? changed = null;
        var refused = await store.ReplaceAsync(
            all => all.Find(each => each.Id == id && each.RemovedAt is null) is not { } before
                ? ControlError.NotFound("id", $"There is no subprocessor '{id}' in the register.")
                : judge(before),
            all => changed = change(all.Find(each => each.Id == id)!),
            action, Caller.Of(context).Name, context.RequestAborted);
        if (refused is not null)
        {
            return refused;
        }

        await shelf.TryRefreshAsync();
        return Results.Ok(SubprocessorAnswer.Of(changed!, time.GetUtcNow(), withProvider: true));
    }

    /// <param name="Provider">The provider of the configuration that it stands for; none where left out.</param>
    /// <param name="EffectiveAt">When it takes effect; not before the notice is over, and then where left out.</param>
    /// <param name="AlreadyInUse">That its provider served before there was a register: it needs no notice.</param>
    sealed record Addition(
        string Id, string Name, string Purpose, string[] Countries, string? Provider = null,
        DateTimeOffset? EffectiveAt = null, bool AlreadyInUse = false);

    sealed record Change(string? Name = null, string? Purpose = null, string[]? Countries = null);
}

/// <summary>A subprocessor as the control API tells it.</summary>
/// <param name="Since">The day since which it processes data, or will.</param>
internal sealed record SubprocessorAnswer(
    string Id, string Name, string? Provider, string Purpose, IReadOnlyList<string> Countries, string State, string Since,
    DateTimeOffset AnnouncedAt, DateTimeOffset EffectiveAt, DateTimeOffset? RemovedAt)
{
    public static SubprocessorAnswer Of(Subprocessor each, DateTimeOffset now, bool withProvider) => new(
        each.Id, each.Name, withProvider ? each.Provider : null, each.Purpose, each.Countries, each.StateAt(now),
        each.EffectiveAt.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), each.AnnouncedAt,
        each.EffectiveAt, each.RemovedAt);
}

/// <summary>What an organisation says of a subprocessor, for the operator.</summary>
internal sealed record StanceAnswer(string Organisation, string Subprocessor, string Says, string? Reason, DateTimeOffset At)
{
    public static StanceAnswer Of(Stance stance) => new(
        stance.Organisation, stance.Subprocessor, stance.Says, stance.Reason.Length == 0 ? null : stance.Reason, stance.At);
}
