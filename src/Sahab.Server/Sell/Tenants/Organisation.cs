using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants;

/// <summary>Where an organisation is kept.</summary>
internal enum OrganisationOrigin
{
    /// <summary>In the database, by the API.</summary>
    Store,

    /// <summary>In the file of the configuration, as a tenant.</summary>
    File,
}

internal enum OrganisationStatus
{
    Active,

    /// <summary>Its keys do not work and its members change nothing, until it is resumed.</summary>
    Suspended,

    /// <summary>As suspended, and for good. What it did and owes stays.</summary>
    Closed,
}

/// <summary>Who suspended an organisation, and so who resumes it.</summary>
internal enum SuspendedBy
{
    Nobody,

    Operator,

    /// <summary>It is in the file of the configuration no more.</summary>
    File,
}

/// <summary>Who buys from us: the tenant of usage and of the ledger.</summary>
/// <param name="Id"><c>org_</c> and 26 characters, or the id of a tenant of the file.</param>
internal sealed record Organisation(string Id, string Name, OrganisationOrigin Origin)
{
    /// <summary>What ids of the store begin with, and those of the file may not.</summary>
    public const string IdKind = "org";

    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameChars = 200;

    /// <summary>Where it is at home, by ISO 3166-1 alpha-2; empty: it has not said.</summary>
    public string Country { get; init; } = "";

    public OrganisationStatus Status { get; init; }

    public SuspendedBy SuspendedBy { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>A name as it is kept; null: it is none.</summary>
    public static string? NameOf(string text)
    {
        var name = text.Trim();
        return name.Length is 0 or > MaxNameChars || name.Any(char.IsControl) ? null : name;
    }
}

/// <summary>A part of an organisation, with keys, budgets and rules of its own.</summary>
/// <param name="Id">
/// <c>prj_</c> and 26 characters, or <c>default</c> for the one in which the keys of a tenant of the file are.
/// </param>
internal sealed record Project(string Organisation, string Id, string Name)
{
    public const string IdKind = "prj";

    /// <summary>The project that each tenant of the file has, and the name of the first of any other organisation.</summary>
    public const string Default = TenantConfig.DefaultProject;

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when it is out of use; null: it is in use.</summary>
    public DateTimeOffset? ArchivedAt { get; init; }
}
