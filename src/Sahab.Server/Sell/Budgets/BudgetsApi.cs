using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Budgets of an organisation in the control API.</summary>
internal static class BudgetsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var budgets = api.MapGroup("/organisations/{organisation}/budgets")
            .Needs(Permission.SeeBudgets, Permission.ChangeBudgets);
        budgets.MapGet("", ListAsync).Pages<BudgetStandingAnswer>()
            .WithSummary("The budgets of an organisation with how they stand.");
        budgets.MapPost("", SetAsync).Reads<NewBudget>().Produces<BudgetStandingAnswer>()
            .WithSummary("Set a budget on an organisation, a project or a key.");
        budgets.MapGet("/{budget}", ShowAsync).Produces<BudgetStandingAnswer>().WithSummary("One budget with how it stands.");
        budgets.MapPatch("/{budget}", ChangeAsync).Reads<ChangedBudget>().Produces<BudgetStandingAnswer>()
            .WithSummary("Change a budget's name, limit, kind or thresholds; usage: reset begins it anew.");
        budgets.MapDelete("/{budget}", RemoveAsync).Produces<BudgetRemovedAnswer>().WithSummary("Remove a budget.");
        budgets.MapGet("/{budget}/events", ListEventsAsync).Produces<Listing<BudgetEventAnswer>>()
            .WithSummary("The thresholds that a budget has passed, and when it was exhausted, the last window first.");
    }

    static async Task<IResult> ListAsync(
        string organisation, HttpContext context, BudgetStore store, BudgetReadings readings)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        var budgets = await store.ListAsync(organisation, page, context.RequestAborted);
        var stands = budgets.Zip(await readings.ReadAsync(budgets, context.RequestAborted)).ToList();
        return page.Answer(stands, stand => BudgetStandingAnswer.Of(stand.First, stand.Second), stand => stand.First.Id);
    }

    static async Task<IResult> ShowAsync(
        string organisation, string budget, HttpContext context, BudgetStore store, BudgetReadings readings) =>
        await FindAsync(organisation, budget, store, context.RequestAborted) is { } found
            ? Results.Ok(BudgetStandingAnswer.Of(found, await readings.ReadAsync(found, context.RequestAborted)))
            : Unknown(budget);

    static async Task<IResult> SetAsync(
        string organisation, HttpContext context, BudgetDesk desk, BudgetReadings readings)
    {
        var (body, fault) = await ControlBody.ReadObjectAsync(context);
        if (body is null)
        {
            return fault!;
        }

        var (order, wrong) = BudgetJson.Read(body, null);
        return order is null ? wrong! : await AnswerAsync(
            await desk.SetAsync(organisation, order, Caller.Of(context), context.RequestAborted), "", readings,
            context.RequestAborted);
    }

    static async Task<IResult> ChangeAsync(
        string organisation, string budget, HttpContext context, BudgetDesk desk, BudgetReadings readings)
    {
        var (body, fault) = await ControlBody.ReadObjectAsync(context);
        return body is null ? fault! : await AnswerAsync(
            await desk.ChangeAsync(
                organisation, budget, before => BudgetJson.Read(body, before), Caller.Of(context), context.RequestAborted),
            budget, readings, context.RequestAborted);
    }

    static async Task<IResult> RemoveAsync(string organisation, string budget, HttpContext context, BudgetDesk desk) =>
        await desk.RemoveAsync(organisation, budget, Caller.Of(context), context.RequestAborted) is null
            ? Unknown(budget)
            : Results.Ok(new BudgetRemovedAnswer("budget", budget, Deleted: true));

    static async Task<IResult> ListEventsAsync(
        string organisation, string budget, HttpContext context, BudgetStore store) =>
        await FindAsync(organisation, budget, store, context.RequestAborted) is not { } found
            ? Unknown(budget)
            : Results.Ok(Listing<BudgetEventAnswer>.Whole(
                (await store.ReadEventsAsync(organisation, budget, context.RequestAborted))
                .Select(happened => BudgetEventAnswer.Of(happened, found.Terms.Measure))));

    static async Task<Budget?> FindAsync(
        string organisation, string budget, BudgetStore store, CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        return await BudgetStore.ReadAsync(connection, null, organisation, budget, cancellation);
    }

    static async Task<IResult> AnswerAsync(
        BudgetChange? change, string id, BudgetReadings readings, CancellationToken cancellation) =>
        change is null ? Unknown(id)
        : change.Refusal is { } refusal ? refusal
        : Results.Ok(BudgetStandingAnswer.Of(change.Budget!, await readings.TryReadAsync(change.Budget!, cancellation)));

    /// <summary>For the description of the API: <see cref="BudgetJson"/> reads it member by member.</summary>
    sealed record NewBudget(
        string Name, string Measure, string Period, string? Kind, long? Limit, string? LimitUsd, int[]? Thresholds,
        string? Project, string? Key);

    /// <summary>For the description of the API, as well.</summary>
    sealed record ChangedBudget(
        string? Name, string? Kind, long? Limit, string? LimitUsd, int[]? Thresholds, string? Usage);

    static ControlProblem Unknown(string budget) => ControlError.NotFound("budget", $"There is no budget '{budget}'.");
}
