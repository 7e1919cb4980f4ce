using System.Text.Json.Nodes;
using Sahab.Server.Sell.Invoices;

namespace Sahab.Server.Portal;

/// <summary>
/// An organisation's invoices, whom they are made out to, and its credit. Public as <see cref="ConsoleView"/> is.
/// </summary>
public sealed class InvoicesView
{
    internal InvoicesView(ConsoleView console) => Console = console;

    public ConsoleView Console { get; }

    /// <summary>Invoices and credit notes, the newest first.</summary>
    internal IReadOnlyList<StoredDocument> Documents { get; init; } = [];

    internal BillingProfile Profile { get; init; } = BillingProfile.Empty;

    internal IReadOnlyList<StoredCredit> Credits { get; init; } = [];

    internal DateTimeOffset Now { get; init; }
}

/// <summary>An invoice, a credit note, or the draft of a month.</summary>
public sealed class InvoiceView
{
    internal InvoiceView(ConsoleView console, string number, JsonNode document) =>
        (Console, Number, Document) = (console, number, document);

    public ConsoleView Console { get; }

    /// <summary>As the address has it.</summary>
    internal string Number { get; }

    internal JsonNode Document { get; }

    /// <summary>How it stands; null: it is a draft.</summary>
    internal StoredDocument? Stored { get; init; }

    /// <summary>What corrects it.</summary>
    internal IReadOnlyList<StoredDocument> CreditNotes { get; init; } = [];

    /// <summary>What projects are called, by their ids.</summary>
    internal IReadOnlyDictionary<string, string> Projects { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a payment service is configured.</summary>
    internal bool CanBePaid { get; init; }

    /// <summary>What the payment service said when it was asked to collect it just now; null: it was not.</summary>
    internal string? Asked { get; init; }

    internal DateTimeOffset Now { get; init; }

    /// <summary>The page of an invoice of an organisation.</summary>
    internal static string AddressOf(string organisation, string number) =>
        ConsoleView.AddressOf(organisation, "invoices/" + Uri.EscapeDataString(number));

    /// <summary>What is to be said of how a document stands, and the style of that.</summary>
    internal static (string Word, string Style) StateOf(StoredDocument document, DateTimeOffset now) =>
        document.Kind == InvoiceDesk.CreditNote ? ("credit note", "")
        : document.OpenNano <= 0 ? (document.PaidNano > 0 || document.TotalNano <= 0 ? "paid" : "credited", "ok")
        : Hosting.Database.UnixMicroseconds.ToTime(document.DueUs) < now ? ("overdue", "failed")
        : ("unpaid", "limited");
}

/// <summary>The calls beneath a line of an invoice.</summary>
public sealed class InvoiceLineView
{
    internal InvoiceLineView(ConsoleView console, string number, JsonNode line, IReadOnlyList<SoldCallAnswer> calls) =>
        (Console, Number, Line, Calls) = (console, number, line, calls);

    public ConsoleView Console { get; }

    internal string Number { get; }

    internal JsonNode Line { get; }

    internal IReadOnlyList<SoldCallAnswer> Calls { get; }

    /// <summary>Where the list goes on; null: it ends here.</summary>
    internal string? Next { get; init; }
}
