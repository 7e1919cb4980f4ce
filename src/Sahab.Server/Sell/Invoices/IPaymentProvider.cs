using Sahab.Ledger.Money;

namespace Sahab.Server.Sell.Invoices;

/// <summary>An invoice that is to be collected.</summary>
/// <param name="Open">What is still to be paid. Above 0.</param>
/// <param name="Payments">How many payments and refunds of it are recorded: what is open may be the same again after some.</param>
internal sealed record OpenInvoice(
    string Number, string Organisation, DateTimeOffset DueAt, NanoUsd Open, long Payments = 0);

/// <summary>What a payment provider tells of a payment.</summary>
/// <param name="Id">The payment's own name at the provider: the same is recorded once.</param>
internal readonly record struct ProviderPayment(string Id, string Number, NanoUsd Amount, DateTimeOffset PaidAt);

/// <summary>Who collects invoices and tells what was paid: a file that a bank takes, or a service by HTTP.</summary>
internal interface IPaymentProvider
{
    /// <summary>Its name, which stands in payments and accounts.</summary>
    string Name { get; }

    /// <summary>Asks for the payment of invoices. To ask again changes nothing. What it refuses of one it says of that one.</summary>
    /// <exception cref="PaymentException">The provider cannot be reached, or refuses whatever is asked.</exception>
    Task<byte[]> CollectAsync(IReadOnlyList<OpenInvoice> invoices, CancellationToken cancellation);

    /// <summary>What a message of the provider says was paid.</summary>
    /// <param name="body">The message.</param>
    /// <param name="signature">Its signature; null: it has none.</param>
    /// <exception cref="PaymentException">It is not what the provider sends.</exception>
    IReadOnlyList<ProviderPayment> Read(string body, string? signature);
}

/// <summary>What a payment provider could not do or did not accept, in words for who asked.</summary>
internal sealed class PaymentException : Exception
{
    public PaymentException()
    {
    }

    public PaymentException(string message)
        : base(message)
    {
    }

    public PaymentException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
