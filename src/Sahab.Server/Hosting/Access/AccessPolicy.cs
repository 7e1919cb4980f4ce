using System.Collections.Frozen;

namespace Sahab.Server.Hosting.Access;

/// <summary>Which role may do what: the one place that says so.</summary>
internal static class AccessPolicy
{
    static readonly FrozenSet<Permission> SeeingOrganisation = Set(
        Permission.SeeOrganisation, Permission.SeeKeys, Permission.SeeUsage, Permission.SeeBudgets,
        Permission.SeeBilling, Permission.SeeWebhooks, Permission.SeeGovernance, Permission.SeeAudit);

    static readonly FrozenSet<Permission> ChangingOrganisation = Set(
        Permission.ChangeOrganisation, Permission.ChangeMembers, Permission.ChangeProjects, Permission.ChangeKeys,
        Permission.ChangeBudgets, Permission.ChangeBilling, Permission.ChangeWebhooks, Permission.ChangeGovernance,
        Permission.Play);

    static readonly FrozenSet<Permission> SeeingAll = Set(
        [.. SeeingOrganisation, Permission.SeeOperations, Permission.SeeSourcing, Permission.SeeSales,
            Permission.SeeWholeAudit]);

    static readonly FrozenDictionary<OrganisationRole, FrozenSet<Permission>> OfMembers =
        new Dictionary<OrganisationRole, FrozenSet<Permission>>
        {
            [OrganisationRole.Owner] = Set([.. SeeingOrganisation, .. ChangingOrganisation]),
            [OrganisationRole.Admin] = Set([.. SeeingOrganisation, .. ChangingOrganisation]),
            [OrganisationRole.Developer] = Set(
                Permission.SeeOrganisation, Permission.SeeKeys, Permission.ChangeKeys, Permission.ChangeProjects,
                Permission.SeeUsage, Permission.SeeBudgets, Permission.SeeWebhooks, Permission.ChangeWebhooks,
                Permission.SeeGovernance, Permission.Play),
            [OrganisationRole.Billing] = Set(
                Permission.SeeOrganisation, Permission.SeeUsage, Permission.SeeBudgets, Permission.ChangeBudgets,
                Permission.SeeBilling, Permission.ChangeBilling),
            [OrganisationRole.Auditor] = SeeingOrganisation,
        }.ToFrozenDictionary();

    static readonly FrozenDictionary<OperatorRole, FrozenSet<Permission>> OfOperators =
        new Dictionary<OperatorRole, FrozenSet<Permission>>
        {
            [OperatorRole.Admin] = Enum.GetValues<Permission>().ToFrozenSet(),
            [OperatorRole.Operations] = Set(
                Permission.SeeOperations, Permission.SeeSourcing, Permission.ChangeSourcing, Permission.SeeOrganisation,
                Permission.SeeKeys, Permission.SeeUsage, Permission.SeeBudgets, Permission.SeeGovernance),
            [OperatorRole.Finance] = Set(
                Permission.SeeOperations, Permission.SeeSourcing, Permission.SeeSales, Permission.ChangeSales,
                Permission.SeeOrganisation, Permission.SeeUsage, Permission.SeeBudgets, Permission.SeeBilling,
                Permission.ChangeBilling),
            [OperatorRole.Reviewer] = Set(
                Permission.SeeOrganisation, Permission.SeeKeys, Permission.SeeUsage, Permission.SeeGovernance,
                Permission.Review, Permission.ChangeRules, Permission.SeeAudit, Permission.SeeWholeAudit),
            [OperatorRole.Auditor] = SeeingAll,
        }.ToFrozenDictionary();

    /// <summary>Whether a member with the role may, in the organisation that the role is in.</summary>
    public static bool Allows(OrganisationRole role, Permission permission) => OfMembers[role].Contains(permission);

    /// <summary>Whether somebody of the operator with the role may, in whatever organisation.</summary>
    public static bool Allows(OperatorRole role, Permission permission) => OfOperators[role].Contains(permission);

    /// <summary>
    /// Whether who has one role may give another, to a token or a member: whatever that may, so may they. Owners are made
    /// by owners only.
    /// </summary>
    public static bool Includes(OrganisationRole role, OrganisationRole other) =>
        role == other || (other != OrganisationRole.Owner && OfMembers[other].IsSubsetOf(OfMembers[role]));

    /// <summary>Whether whatever somebody with the other role may, so may who has this one.</summary>
    public static bool Includes(OperatorRole role, OperatorRole other) => OfOperators[other].IsSubsetOf(OfOperators[role]);

    /// <summary>The roles that have a permission, for people and for the test that lists them.</summary>
    public static IEnumerable<string> RolesWith(Permission permission) =>
        Enum.GetValues<OrganisationRole>().Where(role => Allows(role, permission)).Select(role => $"{role}".ToLowerInvariant())
            .Concat(Enum.GetValues<OperatorRole>().Where(role => Allows(role, permission))
                .Select(role => $"operator {role}".ToLowerInvariant()));

    static FrozenSet<Permission> Set(params Permission[] permissions) => permissions.ToFrozenSet();
}
