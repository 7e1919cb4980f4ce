using System.Text.Json.Nodes;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Routing.Admission;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Portal;

// Views are public because pages take them as parameters; what is in them stays within.

/// <summary>A part of all organisations, for the operator.</summary>
public sealed class OperatorOrganisationsView
{
    internal IReadOnlyList<Organisation> Organisations { get; init; } = [];

    /// <summary>What was searched for; empty: nothing.</summary>
    internal string Search { get; init; } = "";

    /// <summary>Where the list goes on; null: it ends here.</summary>
    internal string? Next { get; init; }
}

/// <summary>One organisation, for the operator. What the viewer may not see is empty.</summary>
public sealed class OperatorOrganisationView
{
    internal OperatorOrganisationView(Organisation organisation) => Organisation = organisation;

    internal Organisation Organisation { get; }

    internal IReadOnlyList<Member> Members { get; init; } = [];

    internal IReadOnlyList<Project> Projects { get; init; } = [];

    internal IReadOnlyList<StoreKey> Keys { get; init; } = [];

    internal IReadOnlyList<(Budget Budget, BudgetReading Reading)> Budgets { get; init; } = [];

    /// <summary>What was used this month, by model.</summary>
    internal IReadOnlyList<UsageTotal> Used { get; init; } = [];

    /// <summary>What this month cost and earned, by model; null: not for the viewer.</summary>
    internal IReadOnlyList<MarginTotal>? Earned { get; init; }

    internal IReadOnlyList<StoredCredit> Credits { get; init; } = [];

    internal IReadOnlyList<PriceAgreement> Agreements { get; init; } = [];

    internal IReadOnlyList<ProjectUse> Uses { get; init; } = [];

    /// <summary>How long content of its is kept at most; null: no rule says.</summary>
    internal TimeSpan? KeepFor { get; init; }

    internal DateTimeOffset Now { get; init; }

    internal string Api(string path) => $"/api/organisations/{Uri.EscapeDataString(Organisation.Id)}{path}";
}

/// <summary>Reviews of use classes.</summary>
public sealed class ReviewsView
{
    internal IReadOnlyList<Review> Reviews { get; init; } = [];

    /// <summary>Which states are shown: one of them, or <c>all</c>.</summary>
    internal string State { get; init; } = "";

    internal string? Next { get; init; }

    /// <summary>One review.</summary>
    /// <param name="RequestedBy">Who declared it, for a reader.</param>
    /// <param name="Approvers">Who has approved, for a reader.</param>
    /// <param name="IsMine">Whether the viewer has declared or approved it, and so may not approve.</param>
    internal sealed record Review(
        UseAnswer Use, string Organisation, string RequestedBy, IReadOnlyList<string> Approvers, bool IsMine, string Reason);
}

/// <summary>The register of subprocessors; for the public without what is the operator's.</summary>
public sealed class SubprocessorsView
{
    internal IReadOnlyList<Subprocessor> Register { get; init; } = [];

    /// <summary>What organisations say; empty for the public.</summary>
    internal IReadOnlyList<Stance> Stances { get; init; } = [];

    /// <summary>Providers of the configuration that nobody in the register stands for.</summary>
    internal IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>How long before an addition takes effect it is announced.</summary>
    internal TimeSpan Notice { get; init; }

    internal DateTimeOffset Now { get; init; }
}

/// <summary>The invoices of all organisations.</summary>
public sealed class OperatorInvoicesView
{
    /// <summary>The month that is looked at.</summary>
    internal DateOnly Month { get; init; }

    /// <summary>Whether it is over, so that its invoices can be issued.</summary>
    internal bool IsOver { get; init; }

    /// <summary>Months to choose from, the last first.</summary>
    internal IReadOnlyList<DateOnly> Months { get; init; } = [];

    /// <summary>Organisations whose invoice of the month is not issued yet.</summary>
    internal IReadOnlyList<string> Due { get; init; } = [];

    internal IReadOnlyList<StoredDocument> Documents { get; init; } = [];

    internal string? State { get; init; }

    internal string? Next { get; init; }
}

/// <summary>One invoice or credit note.</summary>
public sealed class OperatorInvoiceView
{
    internal OperatorInvoiceView(StoredDocument document) => (Document, Content) = (document, JsonNode.Parse(document.Content)!);

    internal StoredDocument Document { get; }

    /// <summary>The document as it was issued.</summary>
    internal JsonNode Content { get; }

    internal IReadOnlyList<StoredPayment> Payments { get; init; } = [];

    internal string Api(string path) =>
        $"/api/organisations/{Uri.EscapeDataString(Document.Organisation)}/invoices/{Uri.EscapeDataString(Document.Number)}{path}";
}

/// <summary>What was spent and earned.</summary>
public sealed class MarginView
{
    internal MarginDimension By { get; init; }

    internal DateTimeOffset From { get; init; }

    internal DateTimeOffset Until { get; init; }

    /// <summary>How many days are looked at.</summary>
    internal int Days { get; init; }

    /// <summary>The smallest margin first.</summary>
    internal IReadOnlyList<MarginTotal> Totals { get; init; } = [];
}

/// <summary>Who is on the operator's side.</summary>
public sealed class OperatorsView
{
    internal IReadOnlyList<Operator> Operators { get; init; } = [];

    /// <summary>Where the list goes on; null: it ends here.</summary>
    internal string? Next { get; init; }
}

/// <summary>The log of changes.</summary>
public sealed class OperatorAuditView
{
    internal AuditQuestion Question { get; init; } = new();

    internal IReadOnlyList<AuditEntryAnswer> Entries { get; init; } = [];

    internal long? Next { get; init; }

    internal AuditHead Head { get; init; } = new(0, "");

    /// <summary>What following the chain came to; null: it was not asked for.</summary>
    internal AuditVerification? Verified { get; init; }

    /// <summary>Whether it was asked for while it is followed for somebody else.</summary>
    internal bool MustWait { get; init; }
}

/// <summary>Prices of everybody, and what was agreed with some.</summary>
public sealed class PricesView
{
    internal PricesView(PriceBook book, DateTimeOffset now) => (Book, Now) = (book, now);

    internal PriceBook Book { get; }

    internal DateTimeOffset Now { get; }

    /// <summary>What is in force of a model, and what is announced.</summary>
    internal IEnumerable<(string Model, PriceStretch? Current, PriceStretch[] Announced)> Models => Book.Models
        .Select(model => (
            model,
            Book.ListStretchesOf(model).LastOrDefault(
                stretch => stretch.From <= Now && !(stretch.Until is { } until && Now >= until)),
            Book.ListStretchesOf(model).Where(stretch => stretch.From > Now).ToArray()))
        .Where(each => each.Item2 is not null || each.Item3.Length > 0);
}

/// <summary>When clouds were not there.</summary>
public sealed class IncidentsView
{
    internal IReadOnlyList<Outage> Outages { get; init; } = [];

    internal int Days { get; init; }

    /// <summary>Those whose breaker is open, or whose provider wants a pause, at this moment.</summary>
    internal IReadOnlyList<LiveDeployment> Unwell { get; init; } = [];
}

/// <summary>How available each model is, for everybody.</summary>
public sealed class StatusView
{
    internal IReadOnlyList<Serve.Incidents.ModelStatus> Models { get; init; } = [];
}

/// <summary>Calls that were searched for: the latest from memory, older attempts from the ledger.</summary>
public sealed class CallsView
{
    internal IReadOnlyList<FinishedCall> Calls { get; init; } = [];

    internal CallQuestion Question { get; init; } = new(null, null, null);

    /// <summary>Attempts of a day from the ledger, the newest first; null: no day was asked for.</summary>
    internal IReadOnlyList<UsageEvent>? Older { get; init; }

    internal DateOnly? Day { get; init; }

    /// <summary>The mark of the last attempt; null: there are no more.</summary>
    internal string? Next { get; init; }

    /// <summary>An id that is none of any call.</summary>
    internal string? Unknown { get; init; }
}
