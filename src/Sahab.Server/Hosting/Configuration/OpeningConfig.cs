using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("What our books of a contract begin with that are kept from a date within it. Amounts are in its currency.")]
internal sealed record OpeningConfig
{
    [Doc("From when on the books are kept; best the first of a month. Windows that had ended are closed, and what was used "
        + "before is listed and not posted.")]
    [Form(TextForm.Instant)]
    public required string BooksFrom { get; init; } = "";

    [Doc("What the month that is open had cost until then and was not billed yet. Below 0: a credit.")]
    [Between("-1000000000000000", "1000000000000000")]
    public decimal Accrued { get; init; }

    [Doc("What was billed and not paid yet. Below 0: a credit that is left.")]
    [Between("-1000000000000000", "1000000000000000")]
    public decimal Owed { get; init; }

    [Doc("How commitments stood, by their clauses. Each whose window is open then must be there.")]
    [AtMost(1000)]
    public ImmutableArray<OpeningCommitmentConfig> Commitments { get; init; } = [];

    [Doc("What volume rates with tiers had reached, by their clauses. Each whose period is open then must be there.")]
    [AtMost(1000)]
    public ImmutableArray<OpeningRateConfig> Rates { get; init; } = [];

    [Doc("What was left of prepayments, by their clauses. Each that was paid before must be there.")]
    [AtMost(1000)]
    public ImmutableArray<OpeningPrepaymentConfig> Prepayments { get; init; } = [];
}

[Doc("How a commitment stood, in its currency or unit.")]
internal sealed record OpeningCommitmentConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The beginning of the window that was open, or of the next one.")]
    [Form(TextForm.Instant)]
    public required string Window { get; init; } = "";

    [Doc("What was drawn by use in the window until then, up to what is committed.")]
    [Between("0", "1000000000000000")]
    public required decimal Drawn { get; init; }

    [Doc("What was drawn beyond that.")]
    [Between("0", "1000000000000000")]
    public decimal Surplus { get; init; }

    [Doc("Surplus of the window before that counts in this one.")]
    [Between("0", "1000000000000000")]
    public decimal Carried { get; init; }

    [Doc("Shortfall of the window before that is to be drawn in this one.")]
    [Between("0", "1000000000000000")]
    public decimal Deferred { get; init; }

    [Doc("What of it capped uses had drawn, by the clause's caps.")]
    [AtMost(1000)]
    public ImmutableArray<OpeningCapConfig> Caps { get; init; } = [];
}

[Doc("What capped uses had drawn.")]
internal sealed record OpeningCapConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("How much of what was drawn.")]
    [Between("0", "1000000000000000")]
    public required decimal Drawn { get; init; }
}

[Doc("What volume a rate with tiers had reached.")]
internal sealed record OpeningRateConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The beginning of the month, quarter or year over which its volume adds up.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("Spend since then, after the rate's discount and before tiers.")]
    [Between("0", "1000000000000000")]
    public required decimal Volume { get; init; }
}

[Doc("What was left of a prepayment.")]
internal sealed record OpeningPrepaymentConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("What was left.")]
    [Between("0", "1000000000000000")]
    public required decimal Left { get; init; }
}
