using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.UsePolicy;

/// <summary>Reviews of declared uses, for the operator: two people approve, one can reject or revoke.</summary>
internal static class ReviewApi
{
    const int MaxReasonChars = 2000;

    static readonly ControlProblem NobodyKnown = new(
        StatusCodes.Status403Forbidden, "person_required",
        "Two people approve, and of a key nobody knows whose it is. Sign in as an operator who may review, or use an access "
        + "token of such a user.");

    public static void Map(IEndpointRouteBuilder api)
    {
        var reviews = api.MapGroup("/reviews").Needs(Permission.Review);
        reviews.MapGet("", ListAsync).Pages<UseAnswer>()
            .WithSummary("Reviews of uses, the newest first: ?state=pending unless said otherwise, or all.");
        reviews.MapGet("/{id:guid}", ShowAsync).Produces<ReviewAnswer>().WithSummary("A review, with who has approved.");
        reviews.MapPost("/{id:guid}/approve", ApproveAsync).Produces<UseAnswer>()
            .WithSummary("Approve of a use. It takes two people, neither of whom has declared it; a key is nobody.");
        reviews.MapPost("/{id:guid}/reject", (Guid id, HttpContext context, ReviewDesk desk) =>
                desk.EndAsync(id, UseState.Rejected, context)).Reads<ReviewDesk.Ending>().Produces<UseAnswer>()
            .WithSummary("Reject a use, with a reason.");
        reviews.MapPost("/{id:guid}/revoke", (Guid id, HttpContext context, ReviewDesk desk) =>
                desk.EndAsync(id, UseState.Revoked, context)).Reads<ReviewDesk.Ending>().Produces<UseAnswer>()
            .WithSummary("Revoke an approval, with a reason: the project's keys stop at once.");
    }

    static async Task<IResult> ListAsync(HttpContext context, UseStore store, ReviewDesk desk)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        Guid? after = null;
        if (page.After is { Length: > 0 } text)
        {
            if (!Guid.TryParse(text, out var id))
            {
                return ControlError.Invalid("after", "'after' must be what 'next' of the answer before was.");
            }

            after = id;
        }

        string state = context.Request.Query["state"].FirstOrDefault() ?? UseState.Pending;
        string[] known = [UseState.Pending, UseState.Approved, UseState.Rejected, UseState.Revoked, "all"];
        if (!known.Contains(state))
        {
            return ControlError.Invalid("state", $"'state' must be one of {string.Join(", ", known)}.");
        }

        var found = await store.ListAsync(state == "all" ? null : state, after, page.Rows, context.RequestAborted);
        return page.Answer(found, desk.Tell, use => use.Id.ToString());
    }

    static async Task<IResult> ShowAsync(Guid id, HttpContext context, UseStore store, ReviewDesk desk) =>
        await store.FindAsync(id, context.RequestAborted) is { } use
            ? Results.Ok(new ReviewAnswer(desk.Tell(use), await store.ApproversAsync(id, context.RequestAborted)))
            : ReviewDesk.Unknown(id);

    static async Task<IResult> ApproveAsync(
        Guid id, HttpContext context, UseStore store, ReviewDesk desk, ConfigurationState configuration)
    {
        if (Caller.Of(context).Person is null)
        {
            return NobodyKnown;
        }

        var use = await store.FindAsync(id, context.RequestAborted);
        var terms = use is null ? null : UseTerms.Of(configuration.Current, use.Class);
        return await desk.AnswerAsync(
            id, await store.ApproveAsync(id, terms, UseApi.DeciderOf(context), context.RequestAborted), context);
    }

    sealed record ReviewAnswer(UseAnswer Use, IReadOnlyList<string> ApprovedBy);

    /// <summary>A reason is needed.</summary>
    public static ControlProblem? FaultOf(string? reason) =>
        string.IsNullOrWhiteSpace(reason) || reason.Length > MaxReasonChars
            ? ControlError.Invalid("reason", $"Say why, in 1 to {MaxReasonChars} characters: the project's people read it.")
            : null;
}

/// <summary>Decides on reviews, and has what was decided hold at once.</summary>
internal sealed class ReviewDesk(
    UseStore store, DataRulesShelf shelf, ConfigurationState configuration, TimeProvider time)
{
    public UseAnswer Tell(ProjectUse use) => UseAnswer.Of(use, configuration.Current, time.GetUtcNow());

    /// <summary>Rejects a pending use, or revokes an approval.</summary>
    public async Task<IResult> EndAsync(Guid id, string state, HttpContext context)
    {
        var (body, fault) = await ControlBody.ReadAsync<Ending>(context);
        if (body is null || (fault = ReviewApi.FaultOf(body.Reason)) is not null)
        {
            return fault!;
        }

        return await AnswerAsync(
            id, await store.EndAsync(id, state, body.Reason.Trim(), UseApi.DeciderOf(context), context.RequestAborted), context);
    }

    public async Task<IResult> AnswerAsync(Guid id, UseDecision decision, HttpContext context)
    {
        if (decision.Use is not { } use)
        {
            return Unknown(id);
        }

        if (decision.Refusal is { } refusal)
        {
            return ControlError.Conflict(refusal);
        }

        await shelf.TryRefreshAsync();
        return Results.Ok(Tell(use));
    }

    public static ControlProblem Unknown(Guid id) => ControlError.NotFound("id", $"There is no review '{id}'.");

    internal sealed record Ending(string Reason);
}
