using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>Rules on data as they apply: each place resolved, those around taken into account.</summary>
/// <param name="Process">Where calls may be processed, this node included.</param>
/// <param name="Store">Where content may be kept.</param>
/// <param name="Usage">Where records of usage may be kept and sent to.</param>
/// <param name="KeepFor">How long content is kept at most; zero: not at all; null: no rule says.</param>
internal sealed record DataBounds(PlaceSet Process, PlaceSet Store, PlaceSet Usage, TimeSpan? KeepFor)
{
    /// <summary>No rule at all.</summary>
    public static DataBounds Free { get; } = new(PlaceSet.All, PlaceSet.All, PlaceSet.All, null);

    /// <summary>Whether nothing is ruled.</summary>
    public bool IsFree => Process.IsAll && Store.IsAll && Usage.IsAll && KeepFor is null;

    /// <summary>Whether nothing of content is kept.</summary>
    public bool KeepsNothing => KeepFor == TimeSpan.Zero;

    /// <summary>
    /// Where a call may be attempted. A cloud keeps prompts in its caches where it processes them, so that content would
    /// lie there too.
    /// </summary>
    public CountrySet Attempts => Process.Countries.And(Store.Countries);

    /// <summary>The words for <see cref="Attempts"/>.</summary>
    public string AttemptWords => Process.And(Store).Words;

    public static DataBounds Of(SahabConfig config, DataConfig? data) => data is null
        ? Free
        : new DataBounds(
            Zones.Resolve(config, data.ProcessIn),
            Zones.Resolve(config, data.StoreIn),
            Zones.Resolve(config, data.UsageIn ?? data.StoreIn),
            data.KeepFor);

    /// <summary>These within others: only what both allow.</summary>
    public DataBounds Within(DataBounds outer) => outer.IsFree ? this : IsFree ? outer : new DataBounds(
        Process.And(outer.Process), Store.And(outer.Store), Usage.And(outer.Usage),
        KeepFor is { } mine && outer.KeepFor is { } theirs ? (mine < theirs ? mine : theirs) : KeepFor ?? outer.KeepFor);
}
