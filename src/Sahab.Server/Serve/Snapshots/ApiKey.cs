using System.Collections.Frozen;
using System.Text;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>A tenant's key as the gateway uses it. The limiter outlives reloads; the rest is replaced with the snapshot.</summary>
/// <param name="Id">The key's id, never its secret.</param>
/// <param name="Weight">The tenant's share of scarce capacity. At least 1.</param>
/// <param name="Models">The models that it may ask for; null for all.</param>
internal sealed record ApiKey(
    string Tenant, string Id, int Weight, bool Admin, CountrySet Countries, string CountryList,
    FrozenSet<string>? Models, KeyLimiter Limiter, ServiceTier MaxTier)
{
    /// <summary>The project that the key is of.</summary>
    public string Project { get; init; } = TenantConfig.DefaultProject;

    /// <summary>Rules on its data that were set at run time; null: none were.</summary>
    public KeyData? Data { get; init; }

    /// <summary>The tiers that its calls may have.</summary>
    public TierSet Tiers { get; init; } = TierSet.UpTo(MaxTier);

    /// <summary>The group whose guarantee its calls fall under; null if there is none.</summary>
    public TenantGroup? Group { get; init; }

    /// <summary>The rules that bind its calls and what they leave; null: none does. Allocates nothing.</summary>
    public DataRules? RulesIn(DataRulesShelf shelf) => shelf.For(Tenant, Project, Id, Data);

    /// <param name="utf8Name">A model's name or an alias, as the client gave it.</param>
    public bool MayUse(ReadOnlySpan<byte> utf8Name) =>
        Models is null || Models.Contains(Encoding.UTF8.GetString(utf8Name));
}
