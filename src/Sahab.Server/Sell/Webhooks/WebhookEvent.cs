using System.Text.Json.Nodes;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>Something that an organisation may want to be told of.</summary>
/// <param name="Type">One of <see cref="WebhookTypes"/>.</param>
/// <param name="Data">What happened, as the control API would tell it. Never a secret, nor what was sent to a model.</param>
internal sealed record WebhookEvent(string Organisation, string Type, JsonObject Data);

/// <summary>What webhooks may be sent of.</summary>
internal static class WebhookTypes
{
    /// <summary>For all types, those to come included.</summary>
    public const string All = "*";

    /// <summary>Sent when somebody wants to see whether a webhook works.</summary>
    public const string Test = "webhook.test";

    public const string BudgetThreshold = "budget.threshold_reached";

    public const string BudgetExhausted = "budget.exhausted";

    public const string InvoiceIssued = "invoice.issued";

    public const string InvoicePaid = "invoice.paid";

    public const string InvoicePaymentRecorded = "invoice.payment_recorded";

    public const string InvoiceRefunded = "invoice.refunded";

    public const string CreditNoteIssued = "credit_note.issued";

    public const string SubprocessorAnnounced = "subprocessor.announced";

    public const string ReviewDecided = "review.decided";

    public const string ReviewExpiring = "review.expiring";

    public const string CapacityReserved = "capacity.reserved";

    public const string CapacityStarted = "capacity.started";

    public const string CapacityEnding = "capacity.ending";

    public const string CapacityEnded = "capacity.ended";

    public const string CapacityCancelled = "capacity.cancelled";

    public const string CapacityAtRisk = "capacity.at_risk";

    public const string CapacityCovered = "capacity.covered";

    public static IReadOnlyList<string> Known { get; } =
    [
        Test, BudgetThreshold, BudgetExhausted, InvoiceIssued, InvoicePaymentRecorded, InvoicePaid, InvoiceRefunded,
        CreditNoteIssued, SubprocessorAnnounced, ReviewDecided, ReviewExpiring, CapacityReserved, CapacityStarted,
        CapacityEnding, CapacityEnded, CapacityCancelled, CapacityAtRisk, CapacityCovered,
    ];
}
