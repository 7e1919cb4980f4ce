using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Sales;

/// <summary>What an organisation bought in a month of one project, model, service tier and terms.</summary>
/// <param name="Project">The project.</param>
/// <param name="Model">The model.</param>
/// <param name="ServiceTier">The tier.</param>
/// <param name="Terms">What it was sold by.</param>
/// <param name="TermsId">The number of the terms in the store.</param>
/// <param name="Calls">How many calls. At least 0.</param>
/// <param name="Usage">Their tokens.</param>
/// <param name="Nano">What they come to, the sum of amounts that were rounded once for each call, in nano-USD.</param>
public sealed record SoldUsage(
    string Project, string Model, string ServiceTier, SaleTerms Terms, long TermsId, long Calls, TokenUsage Usage,
    decimal Nano);
