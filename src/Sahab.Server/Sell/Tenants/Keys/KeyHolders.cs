using System.Collections.Frozen;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>Whose keys let nobody in at the moment.</summary>
/// <param name="Organisations">Those that are suspended or closed.</param>
/// <param name="Projects">Those that are archived, by their organisation.</param>
internal sealed record StoppedHolders(
    FrozenSet<string> Organisations, FrozenDictionary<string, FrozenSet<string>> Projects)
{
    public static StoppedHolders None { get; } =
        new(FrozenSet<string>.Empty, FrozenDictionary<string, FrozenSet<string>>.Empty);

    public bool IsNone => Organisations.Count == 0 && Projects.Count == 0;

    public bool HasArchived(string organisation, string project) =>
        Projects.TryGetValue(organisation, out var projects) && projects.Contains(project);
}

/// <summary>Who may have keys: projects of organisations, while these are in being.</summary>
internal sealed class KeyHolders(
    OrganisationStore organisations, ProjectStore projects, KeyStore keys, ConfigurationState configuration)
    : IHolders
{
    /// <inheritdoc/>
    public async Task<ControlProblem?> FindFaultAsync(
        string organisation, string? project, CancellationToken cancellation)
    {
        if (await organisations.FindAsync(organisation, cancellation) is not { } holder)
        {
            return ControlError.NoOrganisation(organisation);
        }

        if (holder.Status != OrganisationStatus.Active)
        {
            return ControlError.Conflict($"The organisation is {holder.Status.ToString().ToLowerInvariant()}.");
        }

        return project is null ? null
            : await projects.FindAsync(organisation, project, cancellation) is not { } found
                ? ControlError.NotFound("project", $"There is no project '{project}'.")
            : found.ArchivedAt is not null ? ControlError.Conflict("The project is archived.")
            : null;
    }

    /// <summary>Why a key cannot be meant; null: it can.</summary>
    public async Task<ControlProblem?> FindKeyFaultAsync(string organisation, string key, CancellationToken cancellation) =>
        configuration.Current.Tenants.Any(tenant => tenant.Id == organisation && tenant.Keys.Any(each => each.Id == key))
        || await keys.ReadAsync(organisation, key, cancellation) is not null
            ? null
            : ControlError.NotFound("key", $"The organisation has no key '{key}'.");

    public async Task<StoppedHolders> ReadStoppedAsync(CancellationToken cancellation)
    {
        var stopped = await organisations.ReadStoppedAsync(cancellation);
        var archived = await projects.ReadArchivedAsync(cancellation);
        return stopped.Count == 0 && archived.Count == 0 ? StoppedHolders.None : new StoppedHolders(
            stopped.ToFrozenSet(StringComparer.Ordinal),
            archived.GroupBy(each => each.Organisation).ToFrozenDictionary(
                group => group.Key, group => group.Select(each => each.Project).ToFrozenSet(StringComparer.Ordinal),
                StringComparer.Ordinal));
    }
}
