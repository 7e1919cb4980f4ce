using System.Collections.Immutable;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>What a user may do, as a caller.</summary>
internal sealed class Standing(MemberStore members, OperatorStore operators)
{
    /// <summary>The user as a caller in a session.</summary>
    public async Task<Caller> OfUserAsync(string user, string session, CancellationToken cancellation)
    {
        var caller = await ReadAsync(user, $"user:{user}", cancellation);
        return caller with { User = IdOf(user), Session = session };
    }

    /// <summary>A token as a caller: what it was made for, as far as its maker still may.</summary>
    public async Task<Caller> OfTokenAsync(AccessToken token, CancellationToken cancellation)
    {
        var maker = await ReadAsync(token.User, $"token:{token.Id}", cancellation);
        return new Caller(maker.Name)
        {
            OperatorRoles = token.Organisation.Length > 0 ? [] : Least(maker.OperatorRoles, token.Role),
            Organisations = Least(maker.Organisations, token),
            Suspended = maker.Suspended,
            Person = maker.Person,
        };
    }

    async Task<Caller> ReadAsync(string user, string name, CancellationToken cancellation)
    {
        var organisations = await members.RolesOfAsync(user, cancellation);
        return new Caller(name)
        {
            OperatorRoles = [.. await operators.RolesOfAsync(user, cancellation)],
            Organisations = organisations.ToImmutableDictionary(
                each => each.Organisation, each => each.Role, StringComparer.Ordinal),
            Suspended = organisations.Where(each => !each.IsActive).Select(each => each.Organisation)
                .ToImmutableHashSet(StringComparer.Ordinal),
            Person = IdOf(user) is { } id ? $"user:{id}" : null,
        };
    }

    static Guid? IdOf(string user) => PublicId.TryParse(Account.IdKind, user, out var id) ? id : null;

    static ImmutableArray<OperatorRole> Least(ImmutableArray<OperatorRole> makers, string token)
    {
        var role = RoleNames.ToOperatorRole(token);
        return makers.Any(each => AccessPolicy.Includes(each, role)) ? [role] : [];
    }

    /// <summary>The lesser of the two roles, where one includes the other.</summary>
    static ImmutableDictionary<string, OrganisationRole> Least(
        ImmutableDictionary<string, OrganisationRole> makers, AccessToken token)
    {
        var none = ImmutableDictionary.Create<string, OrganisationRole>(StringComparer.Ordinal);
        if (token.Organisation.Length == 0 || !makers.TryGetValue(token.Organisation, out var maker))
        {
            return none;
        }

        var role = RoleNames.ToOrganisationRole(token.Role);
        return AccessPolicy.Includes(maker, role) ? none.Add(token.Organisation, role)
            : AccessPolicy.Includes(role, maker) ? none.Add(token.Organisation, maker)
            : none;
    }
}
