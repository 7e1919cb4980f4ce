using System.Collections.Frozen;
using System.Numerics;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Why no call is taken at all, for the client.</summary>
internal sealed record DataRefusal(string Code, string Message);

/// <summary>What keeps a provider from having data.</summary>
/// <param name="Why">For the client, a sentence.</param>
/// <param name="Open">Countries in which it may have data all the same; null: nowhere.</param>
internal sealed record ProviderBar(string Why, CountrySet? Open = null)
{
    public bool Holds(CountryCode country) => Open is null || !Open.Contains(country);
}

/// <summary>
/// All rules that bind the calls of one project, as of now: immutable, made when a rule changes, so that asking them
/// allocates nothing.
/// </summary>
internal sealed class DataRules
{
    /// <summary>Where data may go, and how long it is kept.</summary>
    public required DataBounds Bounds { get; init; }

    /// <summary>What keeps each provider from having the tenant's data, by its id; null: nothing does.</summary>
    public FrozenDictionary<string, ProviderBar>? Barred { get; init; }

    /// <summary>What the project's use allows; null: all.</summary>
    public UseLimits? Use { get; init; }

    /// <summary>Why no call is taken; null: calls are taken.</summary>
    public DataRefusal? Refusal { get; init; }

    /// <summary>Narrower rules of single keys, by id; null: none has any.</summary>
    public FrozenDictionary<string, DataRules>? Keys { get; init; }

    /// <summary>Where calls may be attempted.</summary>
    public CountrySet Attempts => _attempts ??= Bounds.Attempts;

    /// <summary>Whether nothing of content is kept.</summary>
    public bool KeepsNothing => Bounds.KeepsNothing;

    CountrySet? _attempts;

    /// <summary>How long content is kept that would be kept for so long otherwise.</summary>
    public TimeSpan KeepFor(TimeSpan otherwise) =>
        Bounds.KeepFor is { } most && most < otherwise ? most : otherwise;

    /// <summary>The candidates of a route, one bit each, whose providers are barred.</summary>
    public ulong BarredOf(ModelRoute route)
    {
        var barred = 0UL;
        for (var position = 0; Barred is not null && position < route.Candidates.Length; position++)
        {
            var spec = route.Candidates[position].Spec;
            barred |= IsBarred(spec.Provider, spec.Country) ? 1UL << position : 0;
        }

        return barred;
    }

    /// <summary>Whether a provider may not have the tenant's data in a country.</summary>
    public bool IsBarred(string provider, CountryCode country) =>
        Barred is not null && Barred.TryGetValue(provider, out var bar) && bar.Holds(country);

    /// <summary>The candidates of a route, one bit each, that the project's use rules out.</summary>
    public ulong UnfitOf(ModelRoute route)
    {
        var unfit = 0UL;
        for (var position = 0; Use is not null && position < route.Candidates.Length; position++)
        {
            unfit |= Use.Allows(route.Candidates[position].Spec) ? 0 : 1UL << position;
        }

        return unfit;
    }

    /// <summary>Whether a deployment may be used at all.</summary>
    public bool Allows(DeploymentSpec deployment) => Attempts.Contains(deployment.Country)
        && !IsBarred(deployment.Provider, deployment.Country) && (Use is null || Use.Allows(deployment));

    /// <summary>Who bars what of a route, as a sentence.</summary>
    public string WhyBarred(ModelRoute route)
    {
        var reasons = new SortedSet<string>(StringComparer.Ordinal);
        for (var left = BarredOf(route); left != 0; left &= left - 1)
        {
            reasons.Add(Barred![route.Candidates[BitOperations.TrailingZeroCount(left)].Spec.Provider].Why);
        }

        return string.Join(" ", reasons);
    }
}

/// <summary>What a use class allows of deployments.</summary>
/// <param name="Class">Its name.</param>
internal sealed record UseLimits(
    string Class, FrozenSet<string>? Providers, FrozenSet<string>? Models, FrozenSet<CapacityKind>? Capacity)
{
    public bool Allows(DeploymentSpec deployment) =>
        (Providers is null || Providers.Contains(deployment.Provider))
        && (Models is null || Models.Contains(deployment.Model))
        && (Capacity is null || Capacity.Contains(deployment.Kind));
}
