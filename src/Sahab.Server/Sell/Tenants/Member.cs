using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants;

/// <summary>Somebody who acts for an organisation.</summary>
/// <param name="User">The user's id.</param>
internal sealed record Member(string User, string Email, string Name, OrganisationRole Role, DateTimeOffset Since);

/// <summary>Somebody who may become a member, if they come in time with the token that was made for them.</summary>
internal sealed record Invitation(
    string Organisation, string Id, string Email, OrganisationRole Role, string InvitedBy, DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    public const string IdKind = "inv";

    /// <summary>What its token begins with.</summary>
    public const string TokenPrefix = "sahab_inv_";

    public static readonly TimeSpan Life = TimeSpan.FromDays(7);
}

/// <summary>What became of a change of members.</summary>
internal enum MemberChange
{
    Done,

    /// <summary>There is no such member or invitation, or it is too late for it.</summary>
    Unknown,

    /// <summary>There would be no owner left.</summary>
    LastOwner,

    /// <summary>Who is no owner makes, changes and removes none.</summary>
    OwnersOnly,

    /// <summary>They are a member already.</summary>
    Already,

    /// <summary>The organisation has as many as it may.</summary>
    TooMany,

    /// <summary>It is for somebody else's e-mail.</summary>
    ForAnother,
}
