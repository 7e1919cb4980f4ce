namespace Sahab.Server.Hosting.Access;

/// <summary>
/// What an endpoint lets its caller do. Each endpoint of the control API says which one it needs
/// (<see cref="AccessEndpoints.Needs{T}(T, Permission)"/>), and <see cref="AccessPolicy"/> says who has it.
/// </summary>
internal enum Permission
{
    /// <summary>Whoever asks, signed in or not.</summary>
    Public,

    /// <summary>Whoever is signed in, about themselves.</summary>
    SignedIn,

    // Of one organisation, which the path names.

    /// <summary>See the organisation, its projects, members and settings.</summary>
    SeeOrganisation,

    /// <summary>Change the organisation's name and settings, and how it pays.</summary>
    ChangeOrganisation,

    /// <summary>Invite members, give them roles and remove them.</summary>
    ChangeMembers,

    /// <summary>Make, change and archive projects.</summary>
    ChangeProjects,

    /// <summary>See keys, never their secrets.</summary>
    SeeKeys,

    /// <summary>Make, rotate and revoke keys.</summary>
    ChangeKeys,

    /// <summary>See what was used, call by call, and its receipts.</summary>
    SeeUsage,

    /// <summary>See budgets and limits.</summary>
    SeeBudgets,

    /// <summary>Set budgets and limits.</summary>
    ChangeBudgets,

    /// <summary>See prices, credits and invoices.</summary>
    SeeBilling,

    /// <summary>Change what the organisation buys: reserved capacity, credits, payment.</summary>
    ChangeBilling,

    /// <summary>See webhooks and what they sent.</summary>
    SeeWebhooks,

    /// <summary>Make, change and replay webhooks.</summary>
    ChangeWebhooks,

    /// <summary>See rules on data, use classes and reviews.</summary>
    SeeGovernance,

    /// <summary>Declare use classes, set rules on data, and object to subprocessors.</summary>
    ChangeGovernance,

    /// <summary>Read the organisation's part of the audit log.</summary>
    SeeAudit,

    /// <summary>Call models from the portal.</summary>
    Play,

    // Of the operator.

    /// <summary>See the state of the server, deployments, calls with their reasons, and steering.</summary>
    SeeOperations,

    /// <summary>See what was bought: contracts, purchases, bills, claims.</summary>
    SeeSourcing,

    /// <summary>Change what was bought.</summary>
    ChangeSourcing,

    /// <summary>See all that is sold: organisations, invoices, margin.</summary>
    SeeSales,

    /// <summary>Change what is sold: organisations, agreements, credits; issue and correct invoices.</summary>
    ChangeSales,

    /// <summary>Decide on reviews of use.</summary>
    Review,

    /// <summary>Change the register of subprocessors and other rules that bind everybody.</summary>
    ChangeRules,

    /// <summary>Read the whole audit log and verify it.</summary>
    SeeWholeAudit,

    /// <summary>Give and take roles of the operator.</summary>
    ChangeOperators,

    /// <summary>Make users, and make them members without their having been invited.</summary>
    ChangeUsers,
}
