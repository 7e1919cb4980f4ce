using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Webhooks;

namespace Sahab.Server.Sell.Budgets;

/// <summary>Budgets in the database, what happened to them, what is spent of them, and what nodes hold.</summary>
internal sealed partial class BudgetStore(SahabDatabase database, WebhookOutbox outbox, TimeProvider time)
{
    /// <summary>Budgets, or events, read at a time.</summary>
    public const int PageSize = 1000;

    const string Columns = """
        budget_id AS BudgetId, organisation AS Organisation, project AS Project, key_id AS KeyId, name AS Name,
        measure AS Measure, period AS Period, amount AS Amount, hard AS Hard, thresholds AS Thresholds,
        counts_from_us AS CountsFromUs, since_us AS SinceUs, created_by AS CreatedBy, created_us AS CreatedUs,
        removed_us AS RemovedUs, change_number AS ChangeNumber
        """;

    const string Insert = """
        INSERT INTO budget (budget_id, organisation, project, key_id, name, measure, period, amount, hard, thresholds,
            counts_from_us, since_us, created_by, created_us, change_number)
        VALUES (@BudgetId, @Organisation, @Project, @KeyId, @Name, @Measure, @Period, @Amount, @Hard, @Thresholds,
            @CountsFromUs, @SinceUs, @CreatedBy, @CreatedUs, @ChangeNumber)
        """;

    const string Update = """
        UPDATE budget SET name = @Name, amount = @Amount, hard = @Hard, thresholds = @Thresholds,
            counts_from_us = @CountsFromUs, since_us = @SinceUs, removed_us = @RemovedUs, change_number = @ChangeNumber
        WHERE budget_id = @BudgetId
        """;

    const string InsertEvent = """
        INSERT INTO budget_event (
            budget_id, window_us, kind, percent, amount, counts_from_us, organisation, at_us, spent)
        VALUES (@Budget, @WindowUs, @Kind, @Percent, @Amount, @CountsFromUs, @Organisation, @AtUs, @Spent)
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Whether several nodes may be at work on it.</summary>
    public bool IsShared => database is PostgresDatabase;

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellation) => database.OpenAsync(cancellation);

    /// <summary>The budgets that have changed after a number, in that order; as many as a page has.</summary>
    public static Task<List<Budget>> ReadChangedAsync(
        DbConnection connection, DbTransaction? transaction, long after, CancellationToken cancellation) => ReadAsync(
        connection, transaction, "change_number > @After ORDER BY change_number", new { After = after, Most = PageSize },
        cancellation);

    /// <summary>The budgets in force of which nobody has added up what was used.</summary>
    public async Task<List<Budget>> ListUncountedAsync(CancellationToken cancellation) => await ReadAsync(
        "since_us IS NULL AND removed_us IS NULL ORDER BY budget_id", new { Most = PageSize }, cancellation);

    /// <summary>The budgets of an organisation that are in force, by their ids.</summary>
    public async Task<List<Budget>> ListAsync(
        string organisation, ListPage page, CancellationToken cancellation) => await ReadAsync(
        "organisation = @Organisation AND removed_us IS NULL AND budget_id > @After ORDER BY budget_id",
        new { Organisation = organisation, page.After, Most = page.Rows }, cancellation);

    public static async Task<Budget?> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, string id,
        CancellationToken cancellation) => (await connection.ReadOneAsync<Row>(new CommandDefinition(
        $"SELECT {Columns} FROM budget WHERE organisation = @Organisation AND budget_id = @Id AND removed_us IS NULL",
        new { Organisation = organisation, Id = id }, transaction, cancellationToken: cancellation)))?.ToBudget();

    public static async Task<long> CountAsync(
        DbConnection connection, DbTransaction transaction, string organisation, CancellationToken cancellation) =>
        await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM budget WHERE organisation = @Organisation AND removed_us IS NULL",
            new { Organisation = organisation }, transaction, cancellationToken: cancellation));

    /// <summary>The number of the change that is being made: changes are made one after another from here on.</summary>
    public static Task<long> NextChangeAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        ChangeNumber.NextAsync(connection, transaction, "budget_change", cancellation);

    /// <summary>The number of the last change. Until the transaction ends there is no other.</summary>
    public Task<long> HoldChangesAsync(
        DbConnection connection, DbTransaction transaction, CancellationToken cancellation) =>
        connection.ReadOneAsync<long>(new CommandDefinition(
            $"SELECT change_number FROM budget_change WHERE change_id = 1 {database.ForShare}", null, transaction,
            cancellationToken: cancellation));

    public static Task AddAsync(
        DbConnection connection, DbTransaction transaction, Budget budget, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(Insert, Row.Of(budget), transaction, cancellationToken: cancellation));

    public static Task ChangeAsync(
        DbConnection connection, DbTransaction transaction, Budget budget, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(Update, Row.Of(budget), transaction, cancellationToken: cancellation));

    /// <summary>Writes down what happened, and what tells of it; what is there already stays as it is.</summary>
    public async Task TellAsync(
        DbConnection connection, DbTransaction transaction, IEnumerable<BudgetEvent> events, CancellationToken cancellation)
    {
        foreach (var happened in events)
        {
            var told = happened with { AtUs = UnixMicroseconds.From(time.GetUtcNow()) };
            var isNew = await connection.ExecuteAsync(
                new CommandDefinition(InsertEvent, told, transaction, cancellationToken: cancellation)) == 1;
            if (isNew && await ReadAsync(connection, transaction, told.Organisation, told.Budget, cancellation) is { } budget)
            {
                await outbox.AppendAsync(
                    connection, transaction,
                    new WebhookEvent(
                        told.Organisation,
                        told.Kind == BudgetEvent.Exhausted ? WebhookTypes.BudgetExhausted : WebhookTypes.BudgetThreshold,
                        ControlJson.ToObject(BudgetEventAnswer.Of(told, budget.Terms.Measure))),
                    cancellation);
            }
        }
    }

    /// <summary>What happened to a budget, the last window first.</summary>
    public async Task<List<BudgetEvent>> ReadEventsAsync(
        string organisation, string budget, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<BudgetEvent>(new CommandDefinition(
            """
            SELECT budget_id AS Budget, organisation AS Organisation, window_us AS WindowUs, kind AS Kind,
                percent AS Percent, at_us AS AtUs, spent AS Spent, amount AS Amount, counts_from_us AS CountsFromUs
            FROM budget_event WHERE budget_id = @Budget AND organisation = @Organisation
            ORDER BY window_us DESC, kind, percent, at_us LIMIT @Most
            """,
            new { Budget = budget, Organisation = organisation, Most = PageSize }, cancellationToken: cancellation));
    }

    async Task<List<Budget>> ReadAsync(string where, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, null, where, parameters, cancellation);
    }

    static async Task<List<Budget>> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string where, object parameters, CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM budget WHERE {where} LIMIT @Most", parameters, transaction,
            cancellationToken: cancellation));
        return [.. rows.Select(row => row.ToBudget())];
    }

    sealed class Row
    {
        public string BudgetId { get; init; } = "";

        public string Organisation { get; init; } = "";

        public string Project { get; init; } = "";

        public string KeyId { get; init; } = "";

        public string Name { get; init; } = "";

        public string Measure { get; init; } = "";

        public string Period { get; init; } = "";

        public long Amount { get; init; }

        public long Hard { get; init; }

        public string Thresholds { get; init; } = "";

        public long CountsFromUs { get; init; }

        public long? SinceUs { get; init; }

        public string CreatedBy { get; init; } = "";

        public long CreatedUs { get; init; }

        public long? RemovedUs { get; init; }

        public long ChangeNumber { get; init; }

        public static Row Of(Budget budget) => new()
        {
            BudgetId = budget.Id,
            Organisation = budget.Organisation,
            Project = budget.Terms.Project ?? "",
            KeyId = budget.Terms.Key ?? "",
            Name = budget.Name,
            Measure = budget.Terms.Measure.ToString(),
            Period = budget.Terms.Period.ToString(),
            Amount = budget.Terms.Limit,
            Hard = budget.Terms.IsHard ? 1 : 0,
            Thresholds = JsonSerializer.Serialize(budget.Thresholds),
            CountsFromUs = budget.Terms.CountsFromUs,
            SinceUs = budget.SinceUs,
            CreatedBy = budget.CreatedBy,
            CreatedUs = UnixMicroseconds.From(budget.CreatedAt),
            RemovedUs = budget.RemovedAt is { } removed ? UnixMicroseconds.From(removed) : null,
            ChangeNumber = budget.ChangeNumber,
        };

        public Budget ToBudget() => new(Organisation, Name, new BudgetTerms
        {
            Id = BudgetId,
            Project = Project.Length == 0 ? null : Project,
            Key = KeyId.Length == 0 ? null : KeyId,
            Measure = Enum.Parse<BudgetMeasure>(Measure),
            Period = Enum.Parse<BudgetPeriod>(Period),
            Limit = Amount,
            IsHard = Hard != 0,
            CountsFromUs = CountsFromUs,
            SinceUs = SinceUs ?? CountsFromUs,
        })
        {
            SinceUs = SinceUs,
            Thresholds = JsonSerializer.Deserialize<ImmutableArray<int>>(Thresholds),
            CreatedBy = CreatedBy,
            CreatedAt = UnixMicroseconds.ToTime(CreatedUs),
            RemovedAt = RemovedUs is { } us ? UnixMicroseconds.ToTime(us) : null,
            ChangeNumber = ChangeNumber,
        };
    }
}
