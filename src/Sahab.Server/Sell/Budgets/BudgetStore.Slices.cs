using System.Data.Common;
using Dapper;
using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Budgets;

/// <content>What is spent of windows, and what nodes hold of them.</content>
internal sealed partial class BudgetStore
{
    /// <summary>Windows of which a node learns at a time what it holds.</summary>
    const int MostHoldings = 200_000;

    /// <summary>Windows that are deleted in a transaction.</summary>
    public const int PurgedAtOnce = 1000;

    /// <summary>Who has this row has all of the window: what is spent, and what nodes hold.</summary>
    const string LockWindow = """
        INSERT INTO budget_window (budget_id, window_us, ends_us, spent, wanted) VALUES (@Budget, @WindowUs, @EndUs, 0, 0)
        ON CONFLICT (budget_id, window_us) DO UPDATE SET wanted = budget_window.wanted
        """;

    const string SelectStock = """
        SELECT b.amount AS Amount, w.spent AS Spent, w.wanted AS Wanted,
            CAST(COALESCE((SELECT SUM(h.held) FROM budget_hold h
                WHERE h.budget_id = w.budget_id AND h.window_us = w.window_us AND h.node_id <> @Node), 0) AS BIGINT) AS Others,
            COALESCE((SELECT h.held FROM budget_hold h
                WHERE h.budget_id = w.budget_id AND h.window_us = w.window_us AND h.node_id = @Node), 0) AS Own
        FROM budget_window w JOIN budget b ON b.budget_id = w.budget_id
        WHERE w.budget_id = @Budget AND w.window_us = @WindowUs AND b.removed_us IS NULL AND b.since_us IS NOT NULL
        """;

    const string SetSpent = """
        INSERT INTO budget_window (budget_id, window_us, ends_us, spent, wanted)
        VALUES (@Budget, @WindowUs, @EndUs, @Spent, 0)
        ON CONFLICT (budget_id, window_us) DO UPDATE SET spent = excluded.spent
        """;

    /// <summary>
    /// Gives a node what it asks for, as far as it is there, and takes what it gives back; all in one transaction.
    /// </summary>
    public async Task<List<BudgetAnswer>> ExchangeAsync(
        Guid node, IEnumerable<BudgetClaim> claims, CancellationToken cancellation)
    {
        var answers = new List<BudgetAnswer>();
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        foreach (var claim in claims.OrderBy(claim => new BudgetPlace(claim.Budget, claim.WindowUs), BudgetPlace.Order))
        {
            var parameters = new { Node = database.IdValue(node), claim.Budget, claim.WindowUs, claim.EndUs };
            await RunAsync(connection, transaction, LockWindow, parameters, cancellation);
            var stock = await connection.ReadOneAsync<Stock>(
                new CommandDefinition(SelectStock, parameters, transaction, cancellationToken: cancellation)) ?? new Stock();
            var grant = BudgetSlice.Of(
                new BudgetStock(stock.Amount, stock.Spent, stock.Others, stock.Own), claim.Keep, claim.Lacks, !IsShared);
            if (grant.Held != stock.Own)
            {
                await WriteHeldAsync(connection, transaction, node, claim, grant.Held, cancellation);
            }

            if (!grant.IsEnough)
            {
                await RunAsync(
                    connection, transaction,
                    "UPDATE budget_window SET wanted = wanted + 1 WHERE budget_id = @Budget AND window_us = @WindowUs",
                    parameters, cancellation);
            }

            answers.Add(new BudgetAnswer(claim, grant, stock.Spent, stock.Wanted + (grant.IsEnough ? 0 : 1)));
        }

        await transaction.CommitAsync(cancellation);
        return answers;
    }

    /// <summary>What a node holds, and how often nodes were refused there, by windows.</summary>
    public async Task<List<BudgetHolding>> ReadHoldingsAsync(Guid node, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<BudgetHolding>(new CommandDefinition(
            """
            SELECT b.organisation AS Organisation, h.budget_id AS Budget, h.window_us AS WindowUs, h.held AS Held,
                w.wanted AS Wanted
            FROM budget_hold h JOIN budget_window w ON w.budget_id = h.budget_id AND w.window_us = h.window_us
            JOIN budget b ON b.budget_id = h.budget_id
            WHERE h.node_id = @Node LIMIT @Most
            """,
            new { Node = database.IdValue(node), Most = MostHoldings }, cancellationToken: cancellation));
    }

    /// <summary>The nodes that hold something, and how many windows they hold of.</summary>
    public async Task<List<BudgetNode>> ListNodesAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<NodeRow>(new CommandDefinition(
            $"""
            SELECT {database.IdText("h.node_id")} AS NodeId, COUNT(*) AS Windows,
                (SELECT n.seen_us FROM budget_node n WHERE n.node_id = h.node_id) AS SeenUs
            FROM budget_hold h GROUP BY h.node_id ORDER BY h.node_id LIMIT @Most
            """,
            new { Most = PageSize }, cancellationToken: cancellation));
        return [.. rows.Select(row => new BudgetNode(Guid.Parse(row.NodeId), row.SeenUs, row.Windows))];
    }

    /// <summary>Nobody holds anything for a node any more: it is gone, and somebody said so.</summary>
    public static Task ReleaseAsync(
        DbConnection connection, DbTransaction transaction, object node, CancellationToken cancellation) => RunAsync(
        connection, transaction, "DELETE FROM budget_hold WHERE node_id = @Node", new { Node = node }, cancellation);

    /// <summary>A node as the value of a parameter.</summary>
    public object ValueOf(Guid node) => database.IdValue(node);

    /// <summary>A node holds nothing any more: all that it had used is posted.</summary>
    public async Task ReleaseAsync(Guid node, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM budget_hold WHERE node_id = @Node", new { Node = database.IdValue(node) },
            cancellationToken: cancellation));
    }

    /// <summary>
    /// Deletes windows that ended long ago and of which nobody holds anything, with what happened in them; at most
    /// <see cref="PurgedAtOnce"/>. Returns how many.
    /// </summary>
    public async Task<int> PurgeAsync(long beforeUs, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var old = await connection.ReadAllAsync<(string Budget, long WindowUs)>(new CommandDefinition(
            """
            SELECT w.budget_id AS Budget, w.window_us AS WindowUs FROM budget_window w
            WHERE w.ends_us < @BeforeUs AND NOT EXISTS (
                SELECT 1 FROM budget_hold h WHERE h.budget_id = w.budget_id AND h.window_us = w.window_us)
            ORDER BY w.ends_us LIMIT @Most
            """,
            new { BeforeUs = beforeUs, Most = PurgedAtOnce }, transaction, cancellationToken: cancellation));
        foreach (var place in old.Select(each => new BudgetPlace(each.Budget, each.WindowUs)).Order(BudgetPlace.Order))
        {
            foreach (var table in (string[])["budget_window", "budget_event"])
            {
                await RunAsync(
                    connection, transaction, $"DELETE FROM {table} WHERE budget_id = @Budget AND window_us = @WindowUs",
                    new { place.Budget, place.WindowUs }, cancellation);
            }
        }

        await transaction.CommitAsync(cancellation);
        return old.Count;
    }

    /// <summary>Nobody holds anything of a budget that was removed.</summary>
    public static Task ForgetAsync(
        DbConnection connection, DbTransaction transaction, Budget budget, CancellationToken cancellation) =>
        budget.RemovedAt is null ? Task.CompletedTask : RunAsync(
            connection, transaction, "DELETE FROM budget_hold WHERE budget_id = @Id", new { budget.Id }, cancellation);

    /// <summary>Notes that a node is there.</summary>
    public async Task SeeAsync(Guid node, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO budget_node (node_id, seen_us) VALUES (@Node, @NowUs)
            ON CONFLICT (node_id) DO UPDATE SET seen_us = excluded.seen_us
            """,
            new { Node = database.IdValue(node), NowUs = UnixMicroseconds.From(time.GetUtcNow()) },
            cancellationToken: cancellation));
    }

    public static Task<long> SpentAsync(
        DbConnection connection, DbTransaction transaction, BudgetPlace place, CancellationToken cancellation) =>
        connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT spent FROM budget_window WHERE budget_id = @Budget AND window_us = @WindowUs", place, transaction,
            cancellationToken: cancellation));

    /// <summary>
    /// What is spent of a budget's windows is what was added up; of those that are not among these nothing is. The windows are
    /// taken in the order of all nodes.
    /// </summary>
    public static async Task SetSpentAsync(
        DbConnection connection, DbTransaction transaction, BudgetTerms terms, IReadOnlyDictionary<long, long> spent,
        CancellationToken cancellation)
    {
        var known = await connection.ReadAllAsync<long>(new CommandDefinition(
            "SELECT window_us FROM budget_window WHERE budget_id = @Id AND ends_us > @SinceUs",
            new { terms.Id, terms.SinceUs }, transaction, cancellationToken: cancellation));
        foreach (var startUs in known.Union(spent.Keys).Order())
        {
            await RunAsync(
                connection, transaction, SetSpent,
                new
                {
                    Budget = terms.Id,
                    WindowUs = startUs,
                    EndUs = BudgetWindow.Of(terms.Period, Math.Max(startUs, terms.SinceUs)).EndUs,
                    Spent = spent.GetValueOrDefault(startUs),
                },
                cancellation);
        }
    }

    /// <summary>What is spent of windows, and what nodes other than one hold of them.</summary>
    public async Task<List<(long Spent, long Others)>> ReadAsync(
        Guid node, IEnumerable<BudgetPlace> places, CancellationToken cancellation)
    {
        var found = new List<(long, long)>();
        await using var connection = await database.OpenAsync(cancellation);
        foreach (var place in places)
        {
            var row = await connection.ReadOneAsync<Stock>(new CommandDefinition(
                SelectStock, new { Node = database.IdValue(node), place.Budget, place.WindowUs },
                cancellationToken: cancellation));
            found.Add((row?.Spent ?? 0, row?.Others ?? 0));
        }

        return found;
    }

    async Task WriteHeldAsync(
        DbConnection connection, DbTransaction transaction, Guid node, BudgetClaim claim, long held,
        CancellationToken cancellation) => await RunAsync(
        connection, transaction,
        held == 0
            ? "DELETE FROM budget_hold WHERE budget_id = @Budget AND window_us = @WindowUs AND node_id = @Node"
            : """
              INSERT INTO budget_hold (budget_id, window_us, node_id, held) VALUES (@Budget, @WindowUs, @Node, @Held)
              ON CONFLICT (budget_id, window_us, node_id) DO UPDATE SET held = excluded.held
              """,
        new { claim.Budget, claim.WindowUs, Node = database.IdValue(node), Held = held }, cancellation);

    static Task<int> RunAsync(
        DbConnection connection, DbTransaction transaction, string sql, object parameters, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation));

    sealed class Stock
    {
        public long Amount { get; init; }

        public long Spent { get; init; }

        public long Wanted { get; init; }

        public long Others { get; init; }

        public long Own { get; init; }
    }

    sealed class NodeRow
    {
        public string NodeId { get; init; } = "";

        public long Windows { get; init; }

        public long? SeenUs { get; init; }
    }
}

/// <summary>What a node holds of a window.</summary>
internal sealed class BudgetHolding
{
    public string Organisation { get; init; } = "";

    public string Budget { get; init; } = "";

    public long WindowUs { get; init; }

    public long Held { get; init; }

    public long Wanted { get; init; }
}

/// <summary>A node that holds of budgets.</summary>
/// <param name="SeenUs">When it was last there, microseconds since 1970; null: not known.</param>
/// <param name="Windows">Of how many windows.</param>
internal sealed record BudgetNode(Guid Id, long? SeenUs, long Windows);
