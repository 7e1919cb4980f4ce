using System.Text.Json.Serialization;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Tenants;

/// <summary>
/// Organisations: a user makes one and is its owner; the operator sees all, and suspends, resumes and closes.
/// </summary>
internal static class OrganisationApi
{
    /// <summary>The longest reason, in characters.</summary>
    const int MaxReasonChars = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/organisations", ListAsync).Needs(Permission.SignedIn).Pages<OrganisationAnswer>()
            .WithSummary("Your organisations; for the operator, all, or with ?search= those with that id or in whose name it is");
        api.MapPost("/organisations", AddAsync).Needs(Permission.SignedIn).Reads<NewOrganisation>().Produces<OrganisationAnswer>()
            .WithSummary("Make an organisation, whose owner you are");
        var organisation = api.MapGroup("/organisations/{organisation}");
        organisation.MapGet("", ShowAsync).Needs(Permission.SeeOrganisation).Produces<OrganisationAnswer>()
            .WithSummary("An organisation");
        organisation.MapPatch("", EditAsync).Needs(Permission.ChangeOrganisation).Reads<Edit>().Produces<OrganisationAnswer>()
            .WithSummary("Change an organisation's name or country");
        MapStatus(organisation, "suspend", OrganisationStatus.Suspended, "Suspend it: its keys and members may do nothing");
        MapStatus(organisation, "resume", OrganisationStatus.Active, "End its suspension");
        MapStatus(organisation, "close", OrganisationStatus.Closed, "Suspend it for good");
    }

    static void MapStatus(IEndpointRouteBuilder organisation, string name, OrganisationStatus status, string summary) =>
        organisation.MapPost(
            $"/{name}",
            (string organisation, HttpContext context, OrganisationStore store, CallerCache cache, KeyLoop keys) =>
                SetStatusAsync(organisation, status, context, store, cache, keys))
            .Needs(Permission.ChangeSales).Reads<Reason>().Produces<OrganisationAnswer>().WithSummary(summary);

    static async Task<IResult> ListAsync(HttpContext context, OrganisationStore store)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        var caller = Caller.Of(context);
        if (context.Request.Query["search"].ToString() is { Length: > 0 } search && caller.MayAnywhere(Permission.SeeOrganisation))
        {
            return search.Length > Organisation.MaxNameChars
                ? ControlError.Invalid("search", $"'search' has at most {Organisation.MaxNameChars} characters.")
                : page.Answer(
                    await store.SearchAsync(search.Trim(), page, context.RequestAborted), each => OrganisationAnswer.Of(each, caller),
                    each => each.Id);
        }

        if (caller.MayAnywhere(Permission.SeeOrganisation) || caller.User is not null)
        {
            var user = caller.MayAnywhere(Permission.SeeOrganisation) ? null : AccountApi.UserOf(caller);
            return page.Answer(
                await store.ListAsync(user, page, context.RequestAborted), each => OrganisationAnswer.Of(each, caller), each => each.Id);
        }

        // A token acts in one organisation at most.
        var mine = new List<Organisation>();
        foreach (var id in caller.Organisations.Keys.Where(id => string.CompareOrdinal(id, page.After) > 0))
        {
            if (await store.FindAsync(id, context.RequestAborted) is { } found)
            {
                mine.Add(found);
            }
        }

        return page.Answer(mine, each => OrganisationAnswer.Of(each, caller), each => each.Id);
    }

    static async Task<IResult> AddAsync(
        HttpContext context, OrganisationStore store, IdSource ids, TimeProvider time, CallerCache cache)
    {
        var caller = Caller.Of(context);
        var user = AccountApi.UserOf(caller);
        if (user is null && !caller.MayAnywhere(Permission.ChangeSales))
        {
            return new ControlProblem(
                StatusCodes.Status403Forbidden, "users_only", "Sign in as a user for this; tokens may not.");
        }

        var (body, fault) = await ControlBody.ReadAsync<NewOrganisation>(context);
        if (body is null || (fault = FaultOf(body.Name, body.Country)) is not null)
        {
            return fault!;
        }

        var now = time.GetUtcNow();
        var organisation = new Organisation(
            PublicId.Make(Organisation.IdKind, ids.Next()), Organisation.NameOf(body.Name)!, OrganisationOrigin.Store)
        {
            Country = body.Country ?? "",
            CreatedAt = now,
        };
        var first = new Project(organisation.Id, PublicId.Make(Project.IdKind, ids.Next()), Project.Default)
        {
            CreatedAt = now,
        };
        if (!await store.AddAsync(organisation, first, user, caller.Name, context.RequestAborted))
        {
            return ControlError.Conflict($"You own {OrganisationStore.MaxOwned} organisations, as many as one may.");
        }

        cache.Forget();
        return Results.Ok(OrganisationAnswer.Of(
            organisation, user is null ? caller : caller with
            {
                Organisations = caller.Organisations.SetItem(organisation.Id, OrganisationRole.Owner),
            }));
    }

    static async Task<IResult> ShowAsync(string organisation, HttpContext context, OrganisationStore store) =>
        await store.FindAsync(organisation, context.RequestAborted) is { } found
            ? Results.Ok(OrganisationAnswer.Of(found, Caller.Of(context)))
            : ControlError.NoOrganisation(organisation);

    static async Task<IResult> EditAsync(string organisation, HttpContext context, OrganisationStore store)
    {
        var (body, fault) = await ControlBody.ReadAsync<Edit>(context);
        if (body is null || (fault = FaultOf(body.Name, body.Country)) is not null)
        {
            return fault!;
        }

        var outcome = await store.EditAsync(
            organisation, body.Name is null ? null : Organisation.NameOf(body.Name), body.Country,
            Caller.Of(context).Name, context.RequestAborted);
        return outcome == OrganisationChange.SaidByFile
            ? ControlError.Conflict("The configuration says the name: it is changed there.")
            : await ShowAsync(organisation, context, store);
    }

    static async Task<IResult> SetStatusAsync(
        string organisation, OrganisationStatus status, HttpContext context, OrganisationStore store, CallerCache cache,
        KeyLoop keys)
    {
        var (body, fault) = await ControlBody.ReadAsync<Reason>(context);
        if (body is null)
        {
            return fault!;
        }

        if (body.Text.Trim().Length is 0 or > MaxReasonChars)
        {
            return ControlError.Invalid("reason", $"Say in 'reason' why, in at most {MaxReasonChars} characters.");
        }

        var outcome = await store.SetStatusAsync(
            organisation, status, body.Text.Trim(), Caller.Of(context).Name, context.RequestAborted);
        cache.Forget();
        await keys.TryCatchUpAsync();
        return outcome switch
        {
            OrganisationChange.NotNow => ControlError.Conflict("It is so already, or closed for good."),
            OrganisationChange.SaidByFile => ControlError.Conflict(
                "It is a tenant of the configuration: what is not in the file is suspended, and what is in it is not closed."),
            _ => await ShowAsync(organisation, context, store),
        };
    }

    static ControlProblem? FaultOf(string? name, string? country) =>
        name is not null && Organisation.NameOf(name) is null ? ControlError.Invalid(
            "name", $"A name has 1 to {Organisation.MaxNameChars} characters, none of them control characters.")
        : country is { Length: > 0 } && !Countries.Contains(country) ? ControlError.Invalid(
            "country", $"The country must be {TextForms.Describe(TextForm.Country)}.")
        : null;

    sealed record NewOrganisation(string Name, string? Country = null);

    sealed record Edit(string? Name = null, string? Country = null);

    sealed record Reason([property: JsonPropertyName("reason")] string Text);
}

/// <summary>An organisation as the control API tells it.</summary>
/// <param name="Role">The caller's; null: they are no member.</param>
internal sealed record OrganisationAnswer(
    string Id, string Name, OrganisationOrigin Origin, string? Country, OrganisationStatus Status, SuspendedBy? SuspendedBy,
    DateTimeOffset CreatedAt, OrganisationRole? Role)
{
    public static OrganisationAnswer Of(Organisation organisation, Caller caller) => new(
        organisation.Id, organisation.Name, organisation.Origin,
        organisation.Country.Length == 0 ? null : organisation.Country, organisation.Status,
        organisation.SuspendedBy == Tenants.SuspendedBy.Nobody ? null : organisation.SuspendedBy, organisation.CreatedAt,
        caller.Organisations.TryGetValue(organisation.Id, out var role) ? role : null);
}
