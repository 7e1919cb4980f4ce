using Sahab.Ledger.Claims;
using Sahab.Ledger.Purchases;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Source.Purchases;

namespace Sahab.Server.Source.Claims;

/// <summary>
/// The life of claims against providers, and what contracts owe us. A step that cannot be taken is refused with 409 and the
/// reason. Mapped into a group that admits administrators only.
/// </summary>
internal static class ClaimApi
{
    /// <summary>The longest body of a request.</summary>
    const int MaxBodyBytes = 1024 * 1024;

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        var claims = api.MapGroup("/claims");
        claims.MapGet("", ListAsync).Produces<ClaimsAnswer>().WithSummary("Claims against providers, the last to be changed first");
        claims.MapPost("", RaiseAsync).Reads<ClaimRequest>().Produces<ClaimAnswer>().WithSummary("Raise a claim");
        claims.MapGet("/owed", OwedAsync).Produces<OwedCreditsAnswer>()
            .WithSummary("What contracts owe for the service levels of a month, and what of it is claimed");
        claims.MapGet("/{id}", ShowAsync).Produces<ClaimAnswer>().WithSummary("A claim with its history");
        MapStep(claims, "send", "Record that the provider was told", (claim, body, now) => Claiming.Send(claim, body.Note, now));
        MapStep(claims, "answer", "Record what the provider grants: all, a part, or 0",
            (claim, body, now) => Claiming.Answer(claim, body.GrantedUsd!.Value, body.Note, now), "granted_usd");
        MapStep(claims, "credit", "Record a credit on a bill",
            (claim, body, now) => Claiming.Credit(claim, body.Usd!.Value, body.Note, now), "usd");
        MapStep(claims, "close", "End it without more", (claim, body, now) => Claiming.Close(claim, body.Note, now));
        return api;
    }

    static void MapStep(
        IEndpointRouteBuilder claims, string name, string summary,
        Func<Claim, ClaimStepRequest, RecordedTime, ClaimStepResult> step, string? amount = null) =>
        claims.MapPost($"/{{id}}/{name}", async (string id, HttpContext context, ClaimDesk desk) =>
        {
            var (body, fault) = await ControlBody.ReadAsync<ClaimStepRequest>(context, MaxBodyBytes, form: PurchaseJson.Options);
            if (body is null || (fault = FaultOf(body, amount)) is not null)
            {
                return fault!;
            }

            var taken = await desk.StepAsync(id, (claim, now) => step(claim, body, now), context.RequestAborted);
            return taken is null ? Unknown(id)
                : taken.Refusal is { } refusal ? ControlError.Conflict(refusal.Reason)
                : Results.Ok(ClaimAnswer.Of(taken.Claim, desk.Now));
        }).Reads<ClaimStepRequest>().Produces<ClaimAnswer>().WithSummary(summary);

    static async Task<IResult> ListAsync(HttpContext context, ClaimStore store, ClaimDesk desk)
    {
        var all = await store.ReadAllAsync(context.RequestAborted);
        return Results.Ok(new ClaimsAnswer("list", [.. all.Select(stored => ClaimAnswer.HeadOf(stored.Claim, desk.Now))]));
    }

    static async Task<IResult> ShowAsync(string id, HttpContext context, ClaimStore store, ClaimDesk desk) =>
        await store.ReadAsync(id, context.RequestAborted) is { } stored
            ? Results.Ok(ClaimAnswer.Of(stored.Claim, desk.Now))
            : Unknown(id);

    static async Task<IResult> OwedAsync(
        string? month, HttpContext context, OwedCredits owed, ClaimStore store, ClaimDesk desk)
    {
        var last = DateOnly.FromDateTime(desk.Now.UtcDateTime).AddMonths(-1);
        if ((month is null ? new DateOnly(last.Year, last.Month, 1) : ClaimRequest.ParseMonth(month)) is not { } first)
        {
            return ControlError.Invalid("month", $"The parameter 'month' is '{month}'; it must be a month, such as 2026-11.");
        }

        if (!IsOver(first, desk.Now))
        {
            return ControlError.Invalid("month", $"{first:yyyy-MM} is not over: what is owed is known when it is.");
        }

        var (credits, fault) = await owed.OfAsync(first, desk.Now, context.RequestAborted);
        if (fault is not null)
        {
            return ControlError.Invalid("month", fault);
        }

        var claims = await store.ClaimsOfAsync(credits.Select(credit => credit.Subject), context.RequestAborted);
        return Results.Ok(new OwedCreditsAnswer(
            "list", first.ToString("yyyy-MM", null),
            [.. credits.Select(credit => OwedCreditAnswer.Of(credit, claims.GetValueOrDefault(credit.Subject), desk.Now))]));
    }

    static async Task<IResult> RaiseAsync(
        HttpContext context, ClaimDesk desk, OwedCredits owed, ConfigurationState configuration)
    {
        var (request, fault) = await ControlBody.ReadAsync<ClaimRequest>(context, MaxBodyBytes, form: PurchaseJson.Options);
        if (request is null)
        {
            return fault!;
        }

        if (request.Fault(configuration.Current) is { } wrong)
        {
            return ControlError.Invalid(wrong.Parameter, wrong.Message);
        }

        var (draft, refusal) = request.Kind == ClaimKind.ServiceLevel
            ? await DraftOfLevelAsync(request, desk, owed, context.RequestAborted)
            : (DraftOf(request, request.Provider!, request.Items(), null), null);
        if (draft is null)
        {
            return refusal!;
        }

        var (claim, conflict) = await desk.RaiseAsync(draft, context.RequestAborted);
        return claim is not null ? Results.Ok(ClaimAnswer.Of(claim, desk.Now))
            : conflict.IsTaken ? ControlError.Conflict($"There is a claim '{draft.Id}' already. Give this one another id.")
            : ControlError.Conflict(
                $"The claim '{conflict.OtherClaim}' is about {conflict.Subject} already. Leave that out, or close the other "
                + "one first.");
    }

    static async Task<(ClaimDraft? Draft, IResult? Refusal)> DraftOfLevelAsync(
        ClaimRequest request, ClaimDesk desk, OwedCredits owed, CancellationToken cancellation)
    {
        if (!IsOver(request.FirstDay!.Value, desk.Now))
        {
            return (null, ControlError.Conflict($"{request.Month} is not over: what is owed is known when it is."));
        }

        var (credits, fault) = await owed.OfAsync(request.FirstDay.Value, desk.Now, cancellation);
        if (fault is not null)
        {
            return (null, ControlError.Conflict(fault));
        }

        var credit = credits.FirstOrDefault(each => each.Contract == request.Contract && each.Clause == request.Clause
            && each.Scope == (request.Scope ?? ""));
        if (credit is null)
        {
            var known = credits.Count == 0 ? "nothing is" : string.Join("; ", credits.Select(each => each.Subject));
            return (null, ControlError.Conflict($"Nothing is owed by that clause for that month and scope. Owed: {known}."));
        }

        return credit.ClaimBefore <= desk.Now
            ? (null, ControlError.Conflict(
                $"It had to be claimed before {credit.ClaimBefore:u} ({credit.Source.Document}, page {credit.Source.Page})."))
            : (DraftOf(request, credit.Provider, [ItemOf(credit)], credit.ClaimBefore), null);
    }

    static ClaimItem ItemOf(OwedCredit credit) => new(
        credit.Subject, credit.CreditUsd,
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{credit.Share:0.######} of {credit.ChargesUsd} USD: {credit.Failed} of {credit.Attempts} attempts failed "
            + $"({credit.Source.Document}, page {credit.Source.Page})"));

    static ClaimDraft DraftOf(
        ClaimRequest request, string provider, IReadOnlyList<ClaimItem> items, DateTimeOffset? before) => new(
        request.Id, request.Kind, provider, request.FirstDay!.Value, items, request.CreditDays ?? Claim.DefaultCreditDays,
        request.Note ?? "", before);

    static bool IsOver(DateOnly month, DateTimeOffset now) =>
        month.AddMonths(1) <= DateOnly.FromDateTime(now.UtcDateTime);

    static ControlProblem? FaultOf(ClaimStepRequest body, string? amount) =>
        body.Note is not { Length: > 0 and <= 2_000 }
            ? ControlError.Invalid("note", "Say in 'note' who says so, and where that is on record, in at most 2000 characters.")
        : (body.GrantedUsd is not null) != (amount == "granted_usd")
            ? ControlError.Invalid("granted_usd", "An answer has 'granted_usd', from 0; no other step has.")
        : (body.Usd is not null) != (amount == "usd")
            ? ControlError.Invalid("usd", "A credit has 'usd', above 0; no other step has.")
        : null;

    static ControlProblem Unknown(string id) => ControlError.NotFound("id", $"There is no claim '{id}'.");
}
