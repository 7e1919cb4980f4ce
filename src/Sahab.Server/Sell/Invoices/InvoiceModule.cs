using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Registers invoices: drafting, issuing, correcting, and recording what was paid.</summary>
internal static class InvoiceModule
{
    public static IServiceCollection AddInvoices(this IServiceCollection services) => services
        .AddSingleton<ProjectsOfKeys>(provider => provider.GetRequiredService<KeyStore>().ReadProjectsAsync)
        .AddSingleton<InvoiceStore>()
        .AddSingleton<InvoiceDesk>()
        .AddSingleton<PaymentDesk>()
        .AddSingleton<PaymentProviders>();

    /// <summary>Maps into the group <c>/api</c>.</summary>
    public static IEndpointRouteBuilder MapInvoices(this IEndpointRouteBuilder api) =>
        BillingApi.Map(InvoiceBookApi.Map(InvoiceApi.Map(api)));
}
