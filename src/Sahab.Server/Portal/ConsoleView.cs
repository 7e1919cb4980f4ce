using Sahab.Routing.Admission;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Sell.Webhooks;

namespace Sahab.Server.Portal;

/// <summary>
/// What the pages of an organisation show; each is given what it needs. Public because pages take it as a parameter; what is
/// in it stays within.
/// </summary>
public sealed class ConsoleView
{
    internal ConsoleView(Organisation organisation) => Organisation = organisation;

    internal Organisation Organisation { get; }

    internal IReadOnlyList<Project> Projects { get; init; } = [];

    internal IReadOnlyList<StoreKey> Keys { get; init; } = [];

    internal IReadOnlyList<(Budget Budget, BudgetReading Reading)> Budgets { get; init; } = [];

    internal IReadOnlyList<Member> Members { get; init; } = [];

    internal IReadOnlyList<Invitation> Invitations { get; init; } = [];

    internal IReadOnlyList<Webhook> Webhooks { get; init; } = [];

    /// <summary>What was sent to the one webhook that is shown, the newest first.</summary>
    internal IReadOnlyList<WebhookDelivery> Deliveries { get; init; } = [];

    /// <summary>The names of models that may be asked for.</summary>
    internal IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Where the viewer reaches this server.</summary>
    internal string Address { get; init; } = "";

    /// <summary>Where the page's list goes on; null: it ends here.</summary>
    internal string? Next { get; init; }

    /// <summary>When the page was made.</summary>
    internal DateTimeOffset Now { get; init; }

    /// <summary>The page of a place.</summary>
    internal static string AddressOf(string organisation, string place = "") =>
        $"/console/{Uri.EscapeDataString(organisation)}{(place.Length > 0 ? "/" + place : "")}";

    /// <summary>Where the control API has it.</summary>
    internal string Api(string path) => $"/api/organisations/{Uri.EscapeDataString(Organisation.Id)}{path}";
}

/// <summary>The organisations of whoever is signed in.</summary>
public sealed class OrganisationsView
{
    internal OrganisationsView(IReadOnlyList<Organisation> organisations) => Organisations = organisations;

    internal IReadOnlyList<Organisation> Organisations { get; }

    /// <summary>Where the list goes on; null: it ends here.</summary>
    internal string? Next { get; init; }

    /// <summary>The token of an invitation that they bring; null: none.</summary>
    internal string? Invitation { get; init; }
}

/// <summary>Addresses that take an invitation along.</summary>
internal static class InvitationLink
{
    const string Parameter = "invitation";

    /// <summary>The path with the token, if there is one.</summary>
    public static string To(string path, string? token) =>
        token is null ? path : $"{path}?{Parameter}={Uri.EscapeDataString(token)}";

    /// <summary>The token that an address has; null: it has none.</summary>
    public static string? Of(HttpContext context) =>
        context.Request.Query[Parameter].ToString() is { Length: > 0 and <= SecretToken.MaxChars } token ? token : null;
}
