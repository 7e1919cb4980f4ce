using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("How what was sold is invoiced, in US dollars, month by month in UTC.")]
internal sealed record BillingConfig
{
    [Doc("Who sells, as it stands on invoices.")]
    public BillingSellerConfig Seller { get; init; } = new();

    [Doc("Days after its issue within which an invoice is to be paid.")]
    [Between("0", "365")]
    public int DueDays { get; init; } = 30;

    [Doc("Taxes by the customer's place, by any id. Where none matches there is none.")]
    [AtMost(1000)]
    public ImmutableArray<BillingTaxConfig> Taxes { get; init; } = [];

    [Doc("A payment service that speaks Stripe's protocol. Left out: payment is by file.")]
    public StripeConfig? Stripe { get; init; }

    [Doc("The private key that receipts are signed with: one of ECDSA on P-256, in PEM. Left out: each node makes its own, "
        + "a file of its data folder. A change takes effect at the next start.")]
    public SecretConfig? ReceiptKey { get; init; }

    [Doc("What single organisations pay by the month, or at least, by any id.")]
    [AtMost(10000)]
    public ImmutableArray<BillingFeeConfig> Fees { get; init; } = [];
}

[Doc("Who sells.")]
internal sealed record BillingSellerConfig
{
    [Doc("The company's name.")]
    [Form(TextForm.Free)]
    public string Name { get; init; } = "Sahab";

    [Doc("Its address, line by line.")]
    [Form(TextForm.Free)]
    [AtMost(8)]
    public ImmutableArray<string> Address { get; init; } = [];

    [Doc("Its VAT id.")]
    [Form(TextForm.Free)]
    public string? VatId { get; init; }
}

[Doc("A payment service that speaks Stripe's protocol.")]
internal sealed record StripeConfig
{
    [Doc("Where it is.")]
    [Form(TextForm.HttpUrl)]
    public string BaseUrl { get; init; } = "https://api.stripe.com";

    [Doc("The key that requests are sent with.")]
    public required SecretConfig SecretKey { get; init; } = new();

    [Doc("The secret that its messages to `/api/payments/stripe` are signed with.")]
    public required SecretConfig WebhookSecret { get; init; } = new();
}

[Doc("A tax of a country, or of a state of it.")]
internal sealed record BillingTaxConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("What it is called on invoices.")]
    [Form(TextForm.Free)]
    public required string Name { get; init; } = "Tax";

    [Doc("The customer's country.")]
    [Form(TextForm.Country)]
    public required string Country { get; init; } = "";

    [Doc("The customer's state or province. Left out: all that no other entry names.")]
    [Form(TextForm.Free)]
    public string? State { get; init; }

    [Doc("The rate: 0.25 is 25 %.")]
    [Between("0", "1")]
    public required decimal Rate { get; init; }

    [Doc("Whether a customer with a VAT id accounts for it instead of us.")]
    public bool ReverseCharge { get; init; }
}

[Doc("What an organisation pays by the month, part months by the day.")]
internal sealed record BillingFeeConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The organisation, by its id.")]
    [Form(TextForm.Id)]
    public required string Organisation { get; init; } = "";

    [Doc("What it is, as it stands on invoices.")]
    [Form(TextForm.Free)]
    public required string Text { get; init; } = "Fee";

    [Doc("What a calendar month costs, in US dollars.")]
    [Between("0", "1000000000")]
    public required decimal PerMonth { get; init; }

    [Doc("Its first day.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("The first day that is no longer of it. Left out: it is open.")]
    [Form(TextForm.Instant)]
    public string? Until { get; init; }

    [Doc("Whether it is a minimum: only what the month's usage, after discounts, falls short of is charged.")]
    public bool Minimum { get; init; }
}
