using Sahab.Routing.Requests;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Rules on data of organisations and projects, and the paths that they leave open.</summary>
internal static class DataRulesApi
{
    /// <summary>Paths in one answer.</summary>
    public const int MaxPaths = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        var whole = api.MapGroup("/organisations/{organisation}/data-rules")
            .Needs(Permission.SeeGovernance, Permission.ChangeGovernance);
        whole.MapGet("", (string organisation, DataRulesDesk desk) => desk.Get(organisation, null))
            .Produces<DataRulesDesk.DataRulesAnswer>()
            .WithSummary("Where an organisation's data may go, and how long it is kept.");
        whole.MapPut("", (string organisation, HttpContext context, DataRulesDesk desk) =>
                desk.SetAsync(organisation, null, context)).Reads<DataRulesDesk.DataRulesBody>().Produces<DataRulesDesk.DataRulesAnswer>()
            .WithSummary("Set where an organisation's data may go; refused, with its path, where data could leave the rules.");
        whole.MapDelete("", (string organisation, HttpContext context, DataRulesDesk desk) =>
                desk.RemoveAsync(organisation, null, context))
            .Produces<DataRulesDesk.DataRulesAnswer>()
            .WithSummary("Remove what was set here for an organisation's data.");
        var one = api.MapGroup("/organisations/{organisation}/projects/{project}/data-rules")
            .Needs(Permission.SeeGovernance, Permission.ChangeGovernance);
        one.MapGet("", (string organisation, string project, DataRulesDesk desk) => desk.Get(organisation, project))
            .Produces<DataRulesDesk.DataRulesAnswer>()
            .WithSummary("Where a project's data may go, and how long it is kept.");
        one.MapPut("", (string organisation, string project, HttpContext context, DataRulesDesk desk) =>
                desk.SetAsync(organisation, project, context)).Reads<DataRulesDesk.DataRulesBody>().Produces<DataRulesDesk.DataRulesAnswer>()
            .WithSummary("Set where a project's data may go, within what its organisation's rules allow.");
        one.MapDelete("", (string organisation, string project, HttpContext context, DataRulesDesk desk) =>
                desk.RemoveAsync(organisation, project, context))
            .Produces<DataRulesDesk.DataRulesAnswer>()
            .WithSummary("Remove what was set here for a project's data.");
        api.MapGet("/residency", (
                HttpContext context, DataRulesShelf shelf, ConfigurationState configuration, TelemetryExport export) =>
                Paths(
                    shelf, configuration.Current, export, context.Request.Query["organisation"],
                    context.Request.Query["model"]))
            .Needs(Permission.SeeGovernance).Produces<PathList>()
            .WithSummary("Every path that data could take, of each organisation and project with rules and each model.");
        api.MapGet("/organisations/{organisation}/residency",
                (string organisation, HttpContext context, DataRulesShelf shelf, ConfigurationState configuration,
                    TelemetryExport export) => Paths(shelf, configuration.Current, export, organisation, context.Request.Query["model"]))
            .Needs(Permission.SeeGovernance).Produces<PathList>()
            .WithSummary("Every path that the organisation's data could take, and what the rules make of it.");
    }

    static IResult Paths(
        DataRulesShelf shelf, SahabConfig config, TelemetryExport export, string? organisation, string? model)
    {
        var proof = new ResidencyProof(config, export.IsOn);
        IReadOnlyList<string> models = model is null ? proof.AllModels : [model];
        var book = shelf.Book;
        var scopes = book.Organisations.Select(pair => (Organisation: pair.Key, Project: (string?)null, Rules: pair.Value))
            .Concat(book.Projects.Select(pair => (pair.Key.Organisation, Project: (string?)pair.Key.Project, Rules: pair.Value)))
            .Where(scope => organisation is null || scope.Organisation == organisation)
            .OrderBy(scope => scope.Organisation, StringComparer.Ordinal)
            .ThenBy(scope => scope.Project, StringComparer.Ordinal);
        var paths = scopes.SelectMany(scope => proof
            .PathsOf(new DataScope("", scope.Rules.Bounds, models))
            .Select(path => new PathAnswer(
                scope.Organisation, scope.Project, path.Model, path.Kind, path.Through, path.Country,
                StateOf(path, scope.Rules, config)))).Take(MaxPaths + 1).ToList();
        return Results.Ok(new PathList(
            "list", paths.Count > MaxPaths ? paths[..MaxPaths] : paths, null, Truncated: paths.Count > MaxPaths));
    }

    // What is barred for another reason than where it is, is closed all the same.
    static PathState StateOf(DataPath path, DataRules rules, SahabConfig config) =>
        path.Through is { } id && rules.Barred is not null
        && config.Deployments.FirstOrDefault(deployment => deployment.Id == id) is { } deployment
        && CountryCode.TryParse(path.Country, out var country) && rules.IsBarred(deployment.Provider, country)
            ? PathState.Closed
            : path.State;

    sealed record PathAnswer(
        string Organisation, string? Project, string Model, PathKind Kind, string? Deployment, string? Country, PathState State);

    sealed record PathList(string Object, IReadOnlyList<PathAnswer> Data, string? Next, bool Truncated);
}
