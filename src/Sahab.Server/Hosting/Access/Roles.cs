namespace Sahab.Server.Hosting.Access;

/// <summary>What a member is in an organisation. Stored by name.</summary>
internal enum OrganisationRole
{
    /// <summary>May do everything; an organisation always has one.</summary>
    Owner,

    /// <summary>May do everything but make owners.</summary>
    Admin,

    /// <summary>Builds on the API: projects and keys.</summary>
    Developer,

    /// <summary>Pays: budgets, invoices, credits.</summary>
    Billing,

    /// <summary>Sees everything and changes nothing.</summary>
    Auditor,
}

/// <summary>What somebody is on the operator's side. Stored by name.</summary>
internal enum OperatorRole
{
    /// <summary>May do everything.</summary>
    Admin,

    /// <summary>Runs the clouds and what was bought of them.</summary>
    Operations,

    /// <summary>Sells: prices, invoices, credits.</summary>
    Finance,

    /// <summary>Decides who may do what with which data.</summary>
    Reviewer,

    /// <summary>Sees everything and changes nothing.</summary>
    Auditor,
}

/// <summary>How roles are written, in JSON and in the database.</summary>
internal static class RoleNames
{
    /// <summary>The role's word: its name in lower case.</summary>
    public static string Name(this OrganisationRole role) => role.ToString().ToLowerInvariant();

    /// <summary>The role's word: its name in lower case.</summary>
    public static string Name(this OperatorRole role) => role.ToString().ToLowerInvariant();

    /// <summary>The role of a word that <see cref="Name(OrganisationRole)"/> wrote.</summary>
    public static OrganisationRole ToOrganisationRole(string name) => Enum.Parse<OrganisationRole>(name, ignoreCase: true);

    /// <summary>The role of a word that <see cref="Name(OperatorRole)"/> wrote.</summary>
    public static OperatorRole ToOperatorRole(string name) => Enum.Parse<OperatorRole>(name, ignoreCase: true);
}
