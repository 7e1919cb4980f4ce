namespace Sahab.Ledger.Contracts;

/// <summary>
/// Which uses a clause is about. Each list names exact ids, case included; an empty list leaves its part open, so the
/// selector without any is for every use of the contract's provider.
/// </summary>
public sealed record Selector
{
    /// <summary>Every use.</summary>
    public static Selector All { get; } = new();

    /// <summary>Services.</summary>
    public ValueList<string> Services { get; init; } = [];

    /// <summary>Deployments, tranches or sites.</summary>
    public ValueList<string> Deployments { get; init; } = [];

    /// <summary>Models.</summary>
    public ValueList<string> Models { get; init; } = [];

    /// <summary>Regions or sites of the provider.</summary>
    public ValueList<string> Regions { get; init; } = [];

    /// <summary>Countries, ISO 3166-1 alpha-2.</summary>
    public ValueList<string> Countries { get; init; } = [];

    /// <summary>Whether the use has a place in every list that names anything.</summary>
    public bool Matches(Use use)
    {
        ArgumentNullException.ThrowIfNull(use);
        return Holds(Services, use.Service) && Holds(Deployments, use.Deployment) && Holds(Models, use.Model)
            && Holds(Regions, use.Region) && Holds(Countries, use.Country);
    }

    static bool Holds(ValueList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (string.Equals(names[i], name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return names.Count == 0;
    }
}
