using System.Data.Common;
using System.Text.Json.Nodes;
using Sahab.Ledger.Budgets;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Sell.Budgets;

/// <summary>A budget after a change, or why nothing was changed.</summary>
internal sealed record BudgetChange(Budget? Budget, ControlProblem? Refusal = null);

/// <summary>
/// Sets, changes and removes budgets: each change in one transaction with its entry in the audit log and what was used
/// before, and in force on this node when it is answered.
/// </summary>
internal sealed class BudgetDesk(
    BudgetStore store, BudgetShelf shelf, BudgetCounter counter, KeyHolders holders, AuditLog audit, IdSource ids,
    TimeProvider time)
{
    /// <summary>Calls tell to the millisecond when they began.</summary>
    const long UsPerMs = 1000;

    /// <summary>Budgets of an organisation.</summary>
    public const int MaxOfOrganisation = 200;

    public async Task<BudgetChange> SetAsync(
        string organisation, BudgetOrder order, Caller caller, CancellationToken cancellation)
    {
        var terms = order.Terms;
        var fault = await holders.FindFaultAsync(organisation, terms.Project, cancellation)
            ?? (terms.Key is { } key ? await holders.FindKeyFaultAsync(organisation, key, cancellation) : null)
            ?? (shelf.Count >= BudgetShelf.MaxBudgets
                ? ControlError.Conflict($"This server keeps {BudgetShelf.MaxBudgets} budgets, and no more.") : null);
        if (fault is not null)
        {
            return new BudgetChange(null, fault);
        }

        var now = time.GetUtcNow();
        var counts = order.Reset ?? terms.Period == BudgetPeriod.Total ? Now(now) : 0;
        var budget = new Budget(
            organisation, order.Name, terms with { Id = PublicId.Make(Budget.Kind, ids.Next()), CountsFromUs = counts })
        {
            Thresholds = order.Thresholds,
            CreatedBy = caller.Name,
            CreatedAt = now,
        };
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        budget = Since(
            budget with { ChangeNumber = await BudgetStore.NextChangeAsync(connection, transaction, cancellation) }, now);
        if (await BudgetStore.CountAsync(connection, transaction, organisation, cancellation) >= MaxOfOrganisation)
        {
            return new BudgetChange(null, ControlError.Conflict(
                $"The organisation has {MaxOfOrganisation} budgets, the most that one may have. Remove some first."));
        }

        await BudgetStore.AddAsync(connection, transaction, budget, cancellation);
        await CountAsync(connection, transaction, budget, cancellation);
        await WriteAsync(connection, transaction, caller, "budget.set", budget, cancellation);
        await transaction.CommitAsync(cancellation);
        shelf.Apply([budget]);
        return new BudgetChange(budget);
    }

    /// <summary>Counts what was used of budgets of which nobody has: they were set by an older version.</summary>
    public async Task CountAllAsync(CancellationToken cancellation)
    {
        while (await store.ListUncountedAsync(cancellation) is { Count: > 0 } page)
        {
            foreach (var uncounted in page)
            {
                await CountIfNotAsync(uncounted, cancellation);
            }
        }
    }

    async Task CountIfNotAsync(Budget uncounted, CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var number = await BudgetStore.NextChangeAsync(connection, transaction, cancellation);
        if (await BudgetStore.ReadAsync(connection, transaction, uncounted.Organisation, uncounted.Id, cancellation)
            is { SinceUs: null } budget)
        {
            budget = Since(budget with { ChangeNumber = number }, time.GetUtcNow());
            await BudgetStore.ChangeAsync(connection, transaction, budget, cancellation);
            await CountAsync(connection, transaction, budget, cancellation);
            await transaction.CommitAsync(cancellation);
        }
    }

    /// <summary>Changes the name, limit, kind or thresholds. Null: there is no such budget.</summary>
    public Task<BudgetChange?> ChangeAsync(
        string organisation, string id, Func<Budget, (BudgetOrder?, ControlProblem?)> change, Caller caller,
        CancellationToken cancellation) => ChangeAsync(organisation, id, caller, "budget.changed", (budget, now) =>
        {
            var (order, refusal) = change(budget);
            if (order is null)
            {
                return new BudgetChange(null, refusal);
            }

            var next = budget with { Name = order.Name, Thresholds = order.Thresholds, Terms = order.Terms };
            return new BudgetChange(order.Reset == true
                ? Since(next with { Terms = next.Terms with { CountsFromUs = Now(now) } }, now)
                : next);
        }, cancellation);

    /// <summary>Ends a budget. Null: there is none.</summary>
    public Task<BudgetChange?> RemoveAsync(string organisation, string id, Caller caller, CancellationToken cancellation) =>
        ChangeAsync(
            organisation, id, caller, "budget.removed",
            (budget, now) => new BudgetChange(budget with { RemovedAt = now }), cancellation);

    async Task<BudgetChange?> ChangeAsync(
        string organisation, string id, Caller caller, string action, Func<Budget, DateTimeOffset, BudgetChange> change,
        CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var number = await BudgetStore.NextChangeAsync(connection, transaction, cancellation);
        if (await BudgetStore.ReadAsync(connection, transaction, organisation, id, cancellation) is not { } budget)
        {
            return null;
        }

        var changed = change(budget, time.GetUtcNow());
        if (changed.Budget is not { } next)
        {
            return changed;
        }

        next = next with { ChangeNumber = number };
        await BudgetStore.ChangeAsync(connection, transaction, next, cancellation);
        await BudgetStore.ForgetAsync(connection, transaction, next, cancellation);
        if (next.SinceUs != budget.SinceUs)
        {
            await CountAsync(connection, transaction, next, cancellation);
        }

        await WriteAsync(connection, transaction, caller, action, next, cancellation);
        await transaction.CommitAsync(cancellation);
        shelf.Apply([next]);
        return new BudgetChange(next);
    }

    /// <summary>Counts from what was ordered, and nothing of windows before that which is open.</summary>
    static Budget Since(Budget budget, DateTimeOffset now)
    {
        var sinceUs = Math.Max(budget.Terms.CountsFromUs, BudgetWindow.Of(budget.Terms.Period, UnixMicroseconds.From(now)).StartUs);
        return budget with { SinceUs = sinceUs, Terms = budget.Terms with { SinceUs = sinceUs } };
    }

    static long Now(DateTimeOffset now) => UnixMicroseconds.From(now) / UsPerMs * UsPerMs;

    async Task CountAsync(
        DbConnection connection, DbTransaction transaction, Budget budget, CancellationToken cancellation)
    {
        foreach (var (windowUs, spent) in await counter.CountAsync(connection, transaction, budget, cancellation))
        {
            await store.TellAsync(
                connection, transaction, BudgetEvent.Between(budget, windowUs, 0, spent), cancellation);
        }
    }

    Task WriteAsync(
        DbConnection connection, DbTransaction transaction, Caller caller, string action, Budget budget,
        CancellationToken cancellation)
    {
        var details = new JsonObject();
        BudgetJson.Write(details, budget);
        return audit.AppendAsync(
            connection, transaction,
            new AuditEntry(caller.Name, action, budget.Id) { Organisation = budget.Organisation, Details = details },
            cancellation);
    }
}
