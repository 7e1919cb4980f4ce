using System.Text.Json;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Purchases;

/// <summary>
/// The life of purchases of capacity. A step that a right stands in the way of is refused with 409: why, until when, and
/// where that is written. Mapped into a group that admits administrators only.
/// </summary>
internal static class PurchaseApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        var purchases = api.MapGroup("/purchases");
        purchases.MapGet("", ListAsync).Produces<PurchasesAnswer>().WithSummary("Purchases of capacity, the last to be changed first");
        purchases.MapPost("", DraftAsync).Reads<Draft>().Produces<PurchaseAnswer>().WithSummary("Draft a purchase");
        purchases.MapGet("/{id}", ShowAsync).Produces<PurchaseAnswer>().WithSummary("A purchase with its offers and deadlines");
        purchases.MapPost("/{id}/offer", (string id, HttpContext context, PurchaseDesk desk) =>
                StepAsync(id, desk, Purchasing.Offer, context.RequestAborted))
            .Produces<PurchaseAnswer>().WithSummary("Offer it to whoever has the right to be asked first");
        purchases.MapPost("/{id}/answer", AnswerAsync).Reads<Answer>().Produces<PurchaseAnswer>()
            .WithSummary("Record a holder's answer");
        purchases.MapPost("/{id}/sign", (string id, HttpContext context, PurchaseDesk desk) =>
                StepAsync(id, desk, Purchasing.Sign, context.RequestAborted))
            .Produces<PurchaseAnswer>().WithSummary("Sign it, unless a right stands in the way");
        purchases.MapPost("/{id}/deliver", (string id, HttpContext context, PurchaseDesk desk) =>
                StepAsync(id, desk, (purchase, _, now) => Purchasing.Deliver(purchase, now), context.RequestAborted))
            .Produces<PurchaseAnswer>().WithSummary("Record its delivery");
        purchases.MapPost("/{id}/withdraw", (string id, HttpContext context, PurchaseDesk desk) =>
                StepAsync(id, desk, (purchase, _, now) => Purchasing.Withdraw(purchase, now), context.RequestAborted))
            .Produces<PurchaseAnswer>().WithSummary("Give it up");
        return api;
    }

    static async Task<IResult> ListAsync(HttpContext context, PurchaseStore store, PurchaseDesk desk)
    {
        var all = await store.ReadAllAsync(context.RequestAborted);
        return Results.Ok(new PurchasesAnswer("list", [.. all.Select(stored => PurchaseAnswer.Of(stored.Purchase, desk.Now))]));
    }

    static async Task<IResult> ShowAsync(string id, HttpContext context, PurchaseStore store, PurchaseDesk desk) =>
        await store.ReadAsync(id, context.RequestAborted) is { } stored
            ? Results.Ok(PurchaseAnswer.Of(stored.Purchase, desk.Now))
            : Unknown(id);

    static async Task<IResult> DraftAsync(HttpContext context, PurchaseDesk desk, ConfigurationState configuration)
    {
        var (draft, fault) = await ControlBody.ReadAsync<Draft>(context, form: PurchaseJson.Options);
        if (draft is null || (fault = FaultOf(draft, configuration.Current)) is not null)
        {
            return fault!;
        }

        var purchase = new CapacityPurchase
        {
            Id = draft.Id,
            Seller = draft.Seller,
            Site = draft.Site,
            Country = draft.Country,
            Models = (draft.Models ?? []).ToValueList(),
            Megawatts = draft.Megawatts,
            GpuKind = draft.GpuKind ?? "",
            Gpus = draft.Gpus,
            Usd = draft.Usd,
            DueAt = draft.DueAt,
        };
        return await desk.DraftAsync(purchase, context.RequestAborted) is { } added
            ? Results.Ok(PurchaseAnswer.Of(added, desk.Now))
            : ControlError.Conflict($"There is a purchase '{draft.Id}' already. Give this one another id.");
    }

    static async Task<IResult> AnswerAsync(string id, HttpContext context, PurchaseDesk desk)
    {
        var (answer, fault) = await ControlBody.ReadAsync<Answer>(context, form: PurchaseJson.Options);
        return answer is null ? fault!
            : answer.Contract is null || answer.Evidence is null ? ControlError.Invalid(
                answer.Contract is null ? "contract" : "evidence", "An answer has 'contract', 'says' and 'evidence'.")
            : await StepAsync(
                id, desk,
                (purchase, _, now) => Purchasing.Answer(purchase, answer.Contract, answer.Says, answer.Evidence, now),
                context.RequestAborted);
    }

    static async Task<IResult> StepAsync(
        string id, PurchaseDesk desk, Func<CapacityPurchase, ContractTimeline, RecordedTime, PurchaseStep> step,
        CancellationToken cancellation)
    {
        var taken = await desk.StepAsync(id, step, cancellation);
        return taken is null ? Unknown(id)
            : taken.Refusal is { } refusal
                ? ControlError.Conflict(
                    refusal.Reason, JsonSerializer.SerializeToNode(refusal, PurchaseJson.Options)!.AsObject())
                : Results.Ok(PurchaseAnswer.Of(taken.Purchase, desk.Now));
    }

    static ControlProblem? FaultOf(Draft draft, SahabConfig config) =>
        draft.Id is null || !TextForms.Fits(TextForm.Id, draft.Id) ? ControlError.Invalid("id", $"The id must be {TextForms.Describe(TextForm.Id)}.")
        : draft.Seller is null || config.FindProvider(draft.Seller) is null ? ControlError.Invalid(
            "seller", $"There is no provider '{draft.Seller}'. There are: {string.Join(", ", config.Providers.Select(each => each.Id))}.")
        : draft.Site is null ? ControlError.Invalid("site", "Say which site: 'site' is missing.")
        : draft.Country is null || !Countries.Contains(draft.Country) ? ControlError.Invalid(
            "country", $"The country must be {TextForms.Describe(TextForm.Country)}.")
        : draft.Megawatts < 0 || draft.Gpus < 0 || draft.Usd < 0 ? ControlError.Invalid(
            "megawatts", "Power, GPUs and price are at least 0.")
        : draft.Megawatts == 0 && draft.Gpus == 0 ? ControlError.Invalid("gpus", "Say what is bought: megawatts or gpus, above 0.")
        : null;

    static ControlProblem Unknown(string id) => ControlError.NotFound("id", $"There is no purchase '{id}'.");

    /// <summary>What is to be bought, as the client says it.</summary>
    sealed record Draft(
        string Id, string Seller, string Site, string Country, string[]? Models, decimal Megawatts, string? GpuKind, int Gpus,
        decimal Usd, DateTimeOffset DueAt);

    /// <summary>What a holder has answered.</summary>
    /// <param name="Contract">Its contract.</param>
    /// <param name="Says"><c>declined</c> or <c>taken</c>.</param>
    /// <param name="Evidence">Who answered, and where that is on record.</param>
    sealed record Answer(string Contract, OfferAnswer Says, string Evidence);
}
