using System.Globalization;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Portal;

/// <summary>Rules on an organisation's data, and what was changed.</summary>
internal static class GovernPagesApi
{
    const int EntriesOfPage = 50;

    public static void Map(IEndpointRouteBuilder console)
    {
        console.MapGet("/data", DataAsync).Needs(Permission.SeeGovernance);
        console.MapGet("/audit", AuditAsync).Needs(Permission.SeeAudit);
    }

    static Task<IResult> DataAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        ProjectStore projects, DataRulesShelf shelf, UseStore uses, ConfigurationState configuration, TimeProvider time) =>
        ConsolePagesApi.ShowAsync(typeof(DataPage), organisation, context, renderer, organisations, async found =>
        {
            var (config, now) = (configuration.Current, time.GetUtcNow());
            var declared = (await uses.ListAsync(organisation, context.RequestAborted)).ToDictionary(use => use.Project);
            var scopes = new List<DataScopeShown> { ScopeOf(shelf, organisation, null, found.Name, null) };
            var part = await projects.ListAsync(organisation, ConsolePagesApi.PartOf(context), context.RequestAborted);
            foreach (var project in part.Take(ConsolePagesApi.MostRows))
            {
                if (project.ArchivedAt is null)
                {
                    scopes.Add(ScopeOf(
                        shelf, organisation, project.Id, project.Name,
                        declared.TryGetValue(project.Id, out var use)
                            ? UseAnswer.Of(use, config, now)
                            : UseAnswer.Undeclared(organisation, project.Id)));
                }
            }

            var console = new ConsoleView(found)
            {
                Next = part.Count > ConsolePagesApi.MostRows ? part[ConsolePagesApi.MostRows - 1].Id : null,
            };
            return new DataView(console)
            {
                Scopes = scopes,
                UseClasses = [.. UseTerms.NamesOf(config)],
                Subprocessors =
                [
                    .. shelf.Tables.Register.Select(each => (each, shelf.Tables.Stances.Find(stance =>
                        stance.Organisation == organisation && stance.Subprocessor == each.Id))),
                ],
                Now = now,
            };
        });

    static Task<IResult> AuditAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations, AuditStore store) =>
        ConsolePagesApi.ShowAsync(typeof(AuditPage), organisation, context, renderer, organisations, async found =>
        {
            var query = context.Request.Query;
            var action = query["action"].FirstOrDefault() is { Length: > 0 and <= 100 } text ? text : null;
            var entries = await store.ReadAsync(
                new AuditQuestion
                {
                    Organisation = organisation,
                    Action = action,
                    Before = long.TryParse(query["after"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                        ? number : null,
                },
                EntriesOfPage + 1, context.RequestAborted);
            return new AuditView(new ConsoleView(found))
            {
                Entries = [.. entries.Take(EntriesOfPage)],
                Action = action ?? "",
                HasMore = entries.Count > EntriesOfPage,
            };
        });

    static DataScopeShown ScopeOf(
        DataRulesShelf shelf, string organisation, string? project, string name, UseAnswer? use)
    {
        var own = shelf.Tables.Rules.Find(
            stored => stored.Organisation == organisation && stored.Project == (project ?? ""))?.Rules;
        var bounds = (project is null ? shelf.Book.Organisations.GetValueOrDefault(organisation)
            : shelf.For(organisation, project))?.Bounds ?? DataBounds.Free;
        return new DataScopeShown(
            project, name, own, CountriesOf(bounds.Process), CountriesOf(bounds.Store), CountriesOf(bounds.Usage),
            bounds.KeepFor is { } keep ? Scalars.Format(keep) : null, use);
    }

    static string? CountriesOf(PlaceSet places) =>
        places.IsAll ? null : places.Countries.ToString().Replace(",", ", ", StringComparison.Ordinal);
}
