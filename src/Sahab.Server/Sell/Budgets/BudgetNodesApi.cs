using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Nodes that hold of budgets, in the control API.</summary>
internal static class BudgetNodesApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var nodes = api.MapGroup("/budget-nodes").Needs(Permission.SeeSales, Permission.ChangeSales);
        nodes.MapGet("", ListAsync).WithSummary("The nodes that hold of hard budgets, and when they were last there.");
        nodes.MapDelete("/{node}", ReleaseAsync)
            .WithSummary("Take what a node holds of hard budgets, because it will not come back.");
    }

    static async Task<IResult> ListAsync(HttpContext context, BudgetNodes nodes, Journal journal) =>
        ControlBody.Ok(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray(
            [
                .. (await nodes.ListAsync(context.RequestAborted)).Select(node => (JsonNode)new JsonObject
                {
                    ["object"] = "budget_node",
                    ["id"] = node.Id.ToString(),
                    ["is_this"] = node.Id == journal.Id,
                    ["windows"] = node.Windows,
                    ["seen_at"] = node.SeenUs is { } us ? KeyJson.Time(UnixMicroseconds.ToTime(us)) : null,
                }),
            ]),
            ["next"] = null,
        });

    static async Task<IResult> ReleaseAsync(string node, HttpContext context, BudgetNodes nodes) =>
        await nodes.ReleaseAsync(node, Caller.Of(context), context.RequestAborted) is { } refusal
            ? refusal
            : ControlBody.Ok(new JsonObject { ["object"] = "budget_node", ["id"] = node, ["deleted"] = true });
}
