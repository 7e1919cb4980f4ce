using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Govern.Subprocessors;

/// <summary>What an organisation is told of subprocessors, and what it says to them.</summary>
internal static class ObjectionApi
{
    const int MaxReasonChars = 2000;

    public static void Map(IEndpointRouteBuilder api)
    {
        var objections = api.MapGroup("/organisations/{organisation}/objections")
            .Needs(Permission.SeeGovernance, Permission.ChangeGovernance);
        objections.MapGet("", (string organisation, DataRulesShelf shelf, TimeProvider time) => Results.Ok(
                Listing<NoticeAnswer>.Whole(shelf.Tables.Register.Select(each => NoticeAnswer.Of(
                    each, Find(shelf, organisation, each.Id), time.GetUtcNow())))))
            .Produces<Listing<NoticeAnswer>>()
            .WithSummary("Every subprocessor, with the notice of it and what the organisation has said.");
        objections.MapPut("/{subprocessor}", SetAsync).Reads<StanceBody>().Produces<NoticeAnswer>()
            .WithSummary("Object to a subprocessor, so that no call goes there, or accept it before its notice is over.");
        objections.MapDelete("/{subprocessor}", WithdrawAsync).Produces(StatusCodes.Status204NoContent)
            .WithSummary("Take back what the organisation said of a subprocessor.");
    }

    static async Task<IResult> SetAsync(
        string organisation, string subprocessor, HttpContext context, SubprocessorStore store, DataRulesShelf shelf,
        TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<StanceBody>(context);
        if (body is null)
        {
            return fault!;
        }

        if (body.Says is not (Stance.Objects or Stance.Accepts))
        {
            return ControlError.Invalid("says", $"'says' must be '{Stance.Objects}' or '{Stance.Accepts}'.");
        }

        if (body.Reason is { Length: > MaxReasonChars })
        {
            return ControlError.Invalid("reason", $"The reason may have {MaxReasonChars} characters.");
        }

        if (shelf.Tables.Stances.Count >= SubprocessorStore.MaxStances)
        {
            return ControlError.Conflict(
                $"There are {SubprocessorStore.MaxStances} objections and acceptances, and no more are taken. Withdraw some.");
        }

        if (await store.SetStanceAsync(
            organisation, subprocessor, body.Says, body.Reason?.Trim() ?? "", Caller.Of(context).Name, context.RequestAborted)
            is not var (of, stance))
        {
            return Unknown(subprocessor);
        }

        await shelf.TryRefreshAsync();
        return Results.Ok(NoticeAnswer.Of(of, stance, time.GetUtcNow()));
    }

    static async Task<IResult> WithdrawAsync(
        string organisation, string subprocessor, HttpContext context, SubprocessorStore store, DataRulesShelf shelf)
    {
        if (!await store.WithdrawStanceAsync(organisation, subprocessor, Caller.Of(context).Name, context.RequestAborted))
        {
            return ControlError.NotFound("subprocessor", $"The organisation has said nothing of a subprocessor '{subprocessor}'.");
        }

        await shelf.TryRefreshAsync();
        return Results.NoContent();
    }

    static Stance? Find(DataRulesShelf shelf, string organisation, string subprocessor) => shelf.Tables.Stances.Find(
        stance => stance.Organisation == organisation && stance.Subprocessor == subprocessor);

    static ControlProblem Unknown(string id) =>
        ControlError.NotFound("subprocessor", $"There is no subprocessor '{id}' in the register.");

    sealed record StanceBody(string Says, string? Reason = null);

    /// <param name="Says">What the organisation says; null: nothing.</param>
    sealed record NoticeAnswer(SubprocessorAnswer Subprocessor, string? Says, string? Reason, DateTimeOffset? SaidAt)
    {
        public static NoticeAnswer Of(Subprocessor each, Stance? stance, DateTimeOffset now) => new(
            SubprocessorAnswer.Of(each, now, withProvider: false), stance?.Says, stance?.Reason, stance?.At);
    }
}
