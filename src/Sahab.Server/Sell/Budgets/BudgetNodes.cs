using System.Text.Json.Nodes;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Which nodes hold of budgets, and taking it from one that will not come back.</summary>
internal sealed class BudgetNodes(BudgetStore store, Journal journal, AuditLog audit, TimeProvider time)
{
    /// <summary>A node that said so lately that it is there is not gone.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public Task<List<BudgetNode>> ListAsync(CancellationToken cancellation) => store.ListNodesAsync(cancellation);

    /// <summary>Takes what a node holds. Returns why not, or nothing.</summary>
    public async Task<ControlProblem?> ReleaseAsync(string node, Caller caller, CancellationToken cancellation)
    {
        if (!Guid.TryParse(node, out var id)
            || (await ListAsync(cancellation)).Find(each => each.Id == id) is not { } found)
        {
            return ControlError.NotFound("node", $"No node '{node}' holds of a budget.");
        }

        var now = time.GetUtcNow();
        if (id == journal.Id || (found.SeenUs is { } seenUs && UnixMicroseconds.ToTime(seenUs) > now - Silence))
        {
            return ControlError.Conflict(
                $"The node {id} is there: it has said so within {Silence.TotalSeconds:0} s. What it holds, its calls may use. "
                + "Stop it first; a node that stops gives back what it holds.");
        }

        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await BudgetStore.ReleaseAsync(connection, transaction, store.ValueOf(id), cancellation);
        var details = new JsonObject { ["windows"] = found.Windows };
        await audit.AppendAsync(
            connection, transaction, new AuditEntry(caller.Name, "budget.node_released", id.ToString()) { Details = details },
            cancellation);
        await transaction.CommitAsync(cancellation);
        return null;
    }
}
