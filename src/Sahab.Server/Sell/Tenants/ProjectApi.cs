using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Tenants;

/// <summary>Projects of an organisation.</summary>
internal static class ProjectApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var projects = api.MapGroup("/organisations/{organisation}/projects")
            .Needs(Permission.SeeOrganisation, Permission.ChangeProjects);
        projects.MapGet("", ListAsync).Pages<ProjectAnswer>().WithSummary("Projects of an organisation, archived ones included");
        projects.MapPost("", AddAsync).Reads<Body>().Produces<ProjectAnswer>().WithSummary("Make a project");
        projects.MapGet("/{project}", ShowAsync).Produces<ProjectAnswer>().WithSummary("A project");
        projects.MapPatch("/{project}", RenameAsync).Reads<Body>().Produces<ProjectAnswer>()
            .WithSummary("Give a project another name");
        projects.MapPost("/{project}/archive", ArchiveAsync).Produces<ProjectAnswer>()
            .WithSummary("Put a project out of use, for good");
    }

    static async Task<IResult> ListAsync(
        string organisation, HttpContext context, ProjectStore store, OrganisationStore organisations) =>
        !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : await organisations.FindAsync(organisation, context.RequestAborted) is null
                ? ControlError.NoOrganisation(organisation)
            : page.Answer(await store.ListAsync(organisation, page, context.RequestAborted), ProjectAnswer.Of, each => each.Id);

    static async Task<IResult> ShowAsync(string organisation, string project, HttpContext context, ProjectStore store) =>
        await store.FindAsync(organisation, project, context.RequestAborted) is { } found
            ? Results.Ok(ProjectAnswer.Of(found))
            : Unknown(project);

    static async Task<IResult> AddAsync(
        string organisation, HttpContext context, ProjectStore store, OrganisationStore organisations, IdSource ids,
        TimeProvider time)
    {
        var (name, fault) = await ReadNameAsync(context);
        if (name is null)
        {
            return fault!;
        }

        if (await organisations.FindAsync(organisation, context.RequestAborted) is null)
        {
            return ControlError.NoOrganisation(organisation);
        }

        var project = new Project(organisation, PublicId.Make(Project.IdKind, ids.Next()), name)
        {
            CreatedAt = time.GetUtcNow(),
        };
        return await store.AddAsync(project, Caller.Of(context).Name, context.RequestAborted)
            ? Results.Ok(ProjectAnswer.Of(project))
            : ControlError.Conflict($"The organisation has {ProjectStore.MaxOfOrganisation} projects, as many as one may.");
    }

    static async Task<IResult> RenameAsync(string organisation, string project, HttpContext context, ProjectStore store)
    {
        var (name, fault) = await ReadNameAsync(context);
        return name is null ? fault!
            : await store.RenameAsync(
                organisation, project, name, Caller.Of(context).Name, context.RequestAborted) == ProjectChange.Unknown
                ? Unknown(project)
            : await ShowAsync(organisation, project, context, store);
    }

    static async Task<IResult> ArchiveAsync(
        string organisation, string project, HttpContext context, ProjectStore store, KeyLoop keys, TimeProvider time)
    {
        var outcome = await store.ArchiveAsync(
            organisation, project, time.GetUtcNow(), Caller.Of(context).Name, context.RequestAborted);
        await keys.TryCatchUpAsync();
        return outcome switch
        {
            ProjectChange.Unknown => Unknown(project),
            ProjectChange.Archived => ControlError.Conflict("The project is archived already."),
            ProjectChange.OfFile => ControlError.Conflict(
                "The keys of the configuration are in this project: it is there as long as the tenant is."),
            _ => await ShowAsync(organisation, project, context, store),
        };
    }

    static async Task<(string? Name, ControlProblem? Fault)> ReadNameAsync(HttpContext context)
    {
        var (body, fault) = await ControlBody.ReadAsync<Body>(context);
        return body is null ? (null, fault)
            : Organisation.NameOf(body.Name) is { } name ? (name, null)
            : (null, ControlError.Invalid(
                "name", $"A name has 1 to {Organisation.MaxNameChars} characters, none of them control characters."));
    }

    static ControlProblem Unknown(string project) => ControlError.NotFound("project", $"There is no project '{project}'.");

    sealed record Body(string Name);
}

/// <summary>A project as the control API tells it.</summary>
internal sealed record ProjectAnswer(
    string Id, string Organisation, string Name, DateTimeOffset CreatedAt, DateTimeOffset? ArchivedAt)
{
    public static ProjectAnswer Of(Project project) =>
        new(project.Id, project.Organisation, project.Name, project.CreatedAt, project.ArchivedAt);
}
