using System.Collections.Immutable;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Hosting.Access;

/// <summary>Who uses the control API.</summary>
/// <param name="Name">
/// For the audit log, and never a secret: <c>key:tenant/id</c>, <c>user:id</c> or <c>token:id</c>.
/// </param>
internal sealed record Caller(string Name)
{
    /// <summary>The user who is signed in; null: a key, or a token.</summary>
    public Guid? User { get; init; }

    /// <summary>
    /// The person behind it, the same whether they are signed in or a token of theirs is used; null: a key, of which nobody
    /// knows whose it is.
    /// </summary>
    public string? Person { get; init; }

    /// <summary>The session in which the user is signed in; null: a key, or a token.</summary>
    public string? Session { get; init; }

    /// <summary>What the caller has shown, and is nowhere else: what is kept for them is sealed with it.</summary>
    public Secret? Credential { get; init; }

    /// <summary>Roles on the operator's side.</summary>
    public ImmutableArray<OperatorRole> OperatorRoles { get; init; } = [];

    /// <summary>The role in each organisation of which the caller is a member, by its id.</summary>
    public ImmutableDictionary<string, OrganisationRole> Organisations { get; init; } =
        ImmutableDictionary.Create<string, OrganisationRole>(StringComparer.Ordinal);

    /// <summary>Those of the organisations in which nothing may be changed by members for the time being.</summary>
    public ImmutableHashSet<string> Suspended { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Whether the caller may, on the operator's side or in whatever organisation.</summary>
    public bool MayAnywhere(Permission permission) =>
        permission is Permission.Public or Permission.SignedIn
        || OperatorRoles.Any(role => AccessPolicy.Allows(role, permission));

    /// <summary>Whether the caller may in the organisation.</summary>
    public bool MayIn(string organisation, Permission permission) =>
        MayAnywhere(permission)
        || (Organisations.TryGetValue(organisation, out var role) && AccessPolicy.Allows(role, permission));

    /// <summary>
    /// Whether the caller may nothing but look there, because the organisation is suspended: but for paying, which may be
    /// why it is.
    /// </summary>
    public bool MayOnlySee(string organisation, Permission permission) =>
        permission != Permission.ChangeBilling && Suspended.Contains(organisation) && !MayAnywhere(permission);

    /// <summary>Whether the caller may know that the organisation exists.</summary>
    public bool Knows(string organisation) =>
        Organisations.ContainsKey(organisation) || MayAnywhere(Permission.SeeOrganisation);

    /// <summary>The caller of the request that is being handled.</summary>
    /// <exception cref="InvalidOperationException">The endpoint is public, so nobody was asked for.</exception>
    public static Caller Of(HttpContext context) => Find(context)
        ?? throw new InvalidOperationException("The endpoint asked for nobody.");

    /// <summary>The caller of the request that is being handled; null: a public endpoint, and nobody said who.</summary>
    public static Caller? Find(HttpContext context) => context.Features.Get<Caller>();
}

/// <summary>Finds out who calls, from one kind of credential.</summary>
internal interface ICallerSource
{
    /// <summary>The caller; null: the request has no credential of this kind.</summary>
    ValueTask<CallerFinding?> FindAsync(HttpContext context);
}

/// <summary>What a credential came to.</summary>
/// <param name="Caller">Who it is; null: the credential is not, or no longer, good.</param>
/// <param name="Refusal">Why it is not, for the caller; null where it is.</param>
internal readonly record struct CallerFinding(Caller? Caller, ControlProblem? Refusal);
