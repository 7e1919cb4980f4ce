using System.Collections.Frozen;
using System.Numerics;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Why no call is taken at all, for the client.</summary>
internal sealed record DataRefusal(string Code, string Message);

/// <summary>
/// All rules that bind the calls of one project, as of now: immutable, made when a rule changes, so that asking them
/// allocates nothing.
/// </summary>
internal sealed class DataRules
{
    /// <summary>Where data may go, and how long it is kept.</summary>
    public required DataBounds Bounds { get; init; }

    /// <summary>Why each provider may not have the tenant's data, by its id; null: no provider is barred.</summary>
    public FrozenDictionary<string, string>? Barred { get; init; }

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
            barred |= Barred.ContainsKey(route.Candidates[position].Spec.Provider) ? 1UL << position : 0;
        }

        return barred;
    }

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
        && (Barred is null || !Barred.ContainsKey(deployment.Provider)) && (Use is null || Use.Allows(deployment));

    /// <summary>Who bars what of a route, as a sentence.</summary>
    public string WhyBarred(ModelRoute route)
    {
        var reasons = new SortedSet<string>(StringComparer.Ordinal);
        for (var left = BarredOf(route); left != 0; left &= left - 1)
        {
            reasons.Add(Barred![route.Candidates[BitOperations.TrailingZeroCount(left)].Spec.Provider]);
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
