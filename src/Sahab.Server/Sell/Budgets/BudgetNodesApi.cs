using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Nodes that hold of budgets, in the control API.</summary>
internal static class BudgetNodesApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var nodes = api.MapGroup("/budget-nodes").Needs(Permission.SeeSales, Permission.ChangeSales);
        nodes.MapGet("", ListAsync).Produces<Listing<BudgetNodeAnswer>>()
            .WithSummary("The nodes that hold of hard budgets, and when they were last there.");
        nodes.MapDelete("/{node}", ReleaseAsync).Produces<BudgetRemovedAnswer>()
            .WithSummary("Take what a node holds of hard budgets, because it will not come back.");
    }

    static async Task<IResult> ListAsync(HttpContext context, BudgetNodes nodes, Journal journal) =>
        Results.Ok(Listing<BudgetNodeAnswer>.Whole((await nodes.ListAsync(context.RequestAborted)).Select(node =>
            new BudgetNodeAnswer(
                "budget_node", node.Id.ToString(), node.Id == journal.Id, node.Windows, BudgetJson.Time(node.SeenUs)))));

    static async Task<IResult> ReleaseAsync(string node, HttpContext context, BudgetNodes nodes) =>
        await nodes.ReleaseAsync(node, Caller.Of(context), context.RequestAborted) is { } refusal
            ? refusal
            : Results.Ok(new BudgetRemovedAnswer("budget_node", node, Deleted: true));
}

/// <summary>A node that holds of hard budgets, as the control API tells it.</summary>
/// <param name="IsThis">Whether it is the one that answers.</param>
/// <param name="Windows">Of how many windows of budgets it holds.</param>
/// <param name="SeenAt">When it last said that it is there.</param>
internal sealed record BudgetNodeAnswer(string Object, string Id, bool IsThis, long Windows, string? SeenAt);
