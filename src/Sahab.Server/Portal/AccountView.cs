using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Portal;

/// <summary>What users see of themselves. Public as <see cref="ConsoleView"/> is.</summary>
public sealed class AccountView
{
    internal AccountView(Account? account) => Account = account;

    /// <summary>Who it is; null: a key or a token, which is nobody's session.</summary>
    internal Account? Account { get; }

    internal IReadOnlyList<Session> Sessions { get; init; } = [];

    /// <summary>The session in which the page is looked at.</summary>
    internal string ThisSession { get; init; } = "";

    internal IReadOnlyList<AccessToken> Tokens { get; init; } = [];

    internal IReadOnlyList<Organisation> Organisations { get; init; } = [];

    internal IReadOnlyList<OperatorRole> OperatorRoles { get; init; } = [];

    internal DateTimeOffset Now { get; init; }

    internal string NameOf(string organisation) =>
        Organisations.FirstOrDefault(each => each.Id == organisation)?.Name ?? organisation;
}

/// <summary>An issuer of OpenID Connect by which one may sign in.</summary>
public sealed record IssuerLink(string Id, string Name);
