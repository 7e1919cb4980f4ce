using System.Collections.Frozen;
using System.Collections.Immutable;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Subprocessors;

/// <summary>Somebody who processes data for us.</summary>
/// <param name="Provider">The provider of the configuration that it stands for; empty: none.</param>
/// <param name="Countries">Where it processes data.</param>
/// <param name="EffectiveAt">When its notice is over: before, it gets no data but of tenants that have accepted it.</param>
/// <param name="RemovedAt">When it was removed: from then on it gets no data.</param>
internal sealed record Subprocessor(
    string Id, string Name, string Provider, string Purpose, ImmutableArray<string> Countries, DateTimeOffset AnnouncedAt,
    DateTimeOffset EffectiveAt, DateTimeOffset? RemovedAt)
{
    /// <summary>Where it stands: <c>announced</c>, <c>in_effect</c> or <c>removed</c>.</summary>
    public string StateAt(DateTimeOffset now) =>
        RemovedAt <= now ? "removed" : now < EffectiveAt ? "announced" : "in_effect";
}

/// <summary>What an organisation says of a subprocessor.</summary>
/// <param name="Says"><see cref="Objects"/> or <see cref="Accepts"/>.</param>
internal sealed record Stance(
    string Organisation, string Subprocessor, string Says, string Reason, string Actor, DateTimeOffset At)
{
    public const string Objects = "objection";

    /// <summary>It need not be given notice.</summary>
    public const string Accepts = "acceptance";
}

/// <summary>What the register means for calls at an instant.</summary>
internal sealed class Register(IReadOnlyList<Subprocessor> all, DateTimeOffset now)
{
    /// <summary>The one that stands for each provider now: the last that was announced.</summary>
    readonly Dictionary<string, Subprocessor> _last = all
        .Where(each => each.Provider.Length > 0)
        .GroupBy(each => each.Provider, StringComparer.Ordinal)
        .ToDictionary(
            group => group.Key,
            group => group.OrderBy(each => each.AnnouncedAt).ThenBy(each => each.RemovedAt is null).Last(),
            StringComparer.Ordinal);

    readonly Dictionary<string, Subprocessor> _byId = all.ToDictionary(each => each.Id, StringComparer.Ordinal);

    /// <summary>
    /// What keeps each provider from having an organisation's data, by its id; null: nothing does. A provider that stands in
    /// the register may have it in the countries that are named there.
    /// </summary>
    /// <param name="stances">Of that organisation.</param>
    public FrozenDictionary<string, ProviderBar>? BarredFor(IEnumerable<Stance> stances)
    {
        var barred = new Dictionary<string, ProviderBar>(StringComparer.Ordinal);
        var accepted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stance in stances)
        {
            if (!_byId.TryGetValue(stance.Subprocessor, out var of) || of.Provider.Length == 0)
            {
                continue;
            }

            if (stance.Says == Stance.Objects)
            {
                // It outlives a removal, so that who is registered anew does not get past it.
                barred[of.Provider] = new ProviderBar(
                    $"Your organisation's objection of {stance.At:yyyy-MM-dd} bars the subprocessor {of.Name}.");
            }
            else
            {
                accepted.Add(of.Id);
            }
        }

        foreach (var (provider, last) in _last)
        {
            barred.TryAdd(
                provider,
                last.RemovedAt <= now
                    ? new ProviderBar($"The subprocessor {last.Name} was removed on {last.RemovedAt:yyyy-MM-dd}.")
                : now < last.EffectiveAt && !accepted.Contains(last.Id)
                    ? new ProviderBar(
                        $"The notice of the subprocessor {last.Name} ends on {last.EffectiveAt:yyyy-MM-dd}; "
                        + "your organisation may accept it before.")
                    : new ProviderBar(
                        $"The subprocessor {last.Name} was announced for {string.Join(", ", last.Countries)} only.",
                        CountrySet.FromCodes(last.Countries.Select(country => CountryCode.Parse(country)))));
        }

        return barred.Count == 0 ? null : barred.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>What keeps a configuration from being applied: where the register is required, who is not in it.</summary>
    public IEnumerable<string> Missing(SahabConfig config)
    {
        foreach (var provider in config.Subprocessors.Required ? config.Providers : [])
        {
            if (Standing(provider.Id) is not { } standing)
            {
                yield return $"The provider {provider.Id} is not in the register of subprocessors, which "
                    + "subprocessors.required asks for. Add it (sahab subprocessor add), or take it out of the file.";
            }
            else if (provider.Regions.FirstOrDefault(region => !standing.Countries.Contains(region.Country)) is { } abroad)
            {
                yield return $"The provider {provider.Id} has the region {abroad.Id} in {abroad.Country}, and the subprocessor "
                    + $"{standing.Id} is registered for {string.Join(", ", standing.Countries)}. Announce one with that country.";
            }
        }
    }

    /// <summary>The one that stands for a provider and was not removed; null: there is none.</summary>
    public Subprocessor? Standing(string provider) =>
        _last.TryGetValue(provider, out var last) && !(last.RemovedAt <= now) ? last : null;
}
