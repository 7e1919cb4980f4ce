namespace Sahab.Routing.Admission;

/// <summary>
/// Tenants and keys that are guaranteed capacity together. A configuration that keeps its id keeps the object, so that
/// what its calls hold is remembered over reloads.
/// </summary>
public sealed class TenantGroup
{
    /// <summary>Most groups of a configuration: a queue remembers in 64 bits which of them have calls waiting.</summary>
    public const int MaxGroups = 64;

    internal TenantGroup(string id, int number)
    {
        Id = id;
        Number = number;
    }

    /// <summary>Its id in the configuration.</summary>
    public string Id { get; }

    /// <summary>0 to 63, its own among the groups of one configuration.</summary>
    internal int Number { get; }

    internal ulong Bit => 1UL << Number;

    /// <inheritdoc/>
    public override string ToString() => Id;
}
