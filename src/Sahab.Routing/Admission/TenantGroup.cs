namespace Sahab.Routing.Admission;

/// <summary>
/// Tenants and keys that are guaranteed capacity together. A configuration that keeps its id keeps the object, so that
/// what its calls hold is remembered over reloads.
/// </summary>
public sealed class TenantGroup
{
    /// <summary>Most groups of a model: its queue remembers in 64 bits which of them have calls waiting.</summary>
    public const int MaxGroups = 64;

    internal TenantGroup(string id, int number, string? model = null)
    {
        Id = id;
        Number = number;
        Model = model;
    }

    /// <summary>Its id in the configuration.</summary>
    public string Id { get; }

    /// <summary>The one model that it has a share of; null: it may have shares of any.</summary>
    internal string? Model { get; }

    /// <summary>0 to 63, its own among the groups that may have shares of one model.</summary>
    internal int Number { get; }

    internal ulong Bit => 1UL << Number;

    /// <inheritdoc/>
    public override string ToString() => Id;
}
