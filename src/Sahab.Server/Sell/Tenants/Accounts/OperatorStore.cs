using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Somebody on the operator's side.</summary>
internal sealed record Operator(string User, string Email, string Name, IReadOnlyList<OperatorRole> Roles);

/// <summary>Roles of the operator in the database.</summary>
internal sealed class OperatorStore(SahabDatabase database, AuditLog audit, TimeProvider time)
{
    public async Task<List<OperatorRole>> RolesOfAsync(string user, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<string>(new CommandDefinition(
            "SELECT role FROM operator_role WHERE user_id = @User ORDER BY role", new { User = user },
            cancellationToken: cancellation))).Select(RoleNames.ToOperatorRole)];
    }

    /// <summary>Users with a role, by their ids.</summary>
    public async Task<List<Operator>> ListAsync(ListPage page, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string User, string Email, string Name, string Role)>(
            new CommandDefinition(
                """
                SELECT user_account.user_id, user_account.email, user_account.name, operator_role.role
                FROM operator_role JOIN user_account ON user_account.user_id = operator_role.user_id
                WHERE user_account.user_id IN (SELECT DISTINCT user_id FROM operator_role WHERE user_id > @After
                    ORDER BY user_id LIMIT @Rows)
                ORDER BY user_account.user_id, operator_role.role
                """,
                new { page.After, page.Rows }, cancellationToken: cancellation));
        return [.. rows.GroupBy(row => (row.User, row.Email, row.Name)).Select(group => new Operator(
            group.Key.User, group.Key.Email, group.Key.Name,
            [.. group.Select(row => RoleNames.ToOperatorRole(row.Role))]))];
    }

    /// <summary>Gives a user these roles and no others; none takes all.</summary>
    public async Task SetAsync(
        string user, IReadOnlyCollection<OperatorRole> roles, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        await change.ExecuteAsync("UPDATE user_account SET name = name WHERE user_id = @User", new { User = user });
        await change.ExecuteAsync("DELETE FROM operator_role WHERE user_id = @User", new { User = user });
        foreach (var role in roles.Distinct())
        {
            await change.ExecuteAsync(
                "INSERT INTO operator_role (user_id, role, given_us) VALUES (@User, @Role, @NowUs)",
                new { User = user, Role = role.Name(), NowUs = UnixMicroseconds.From(time.GetUtcNow()) });
        }

        await change.CommitAsync(new AuditEntry(actor, "operator.changed", user)
        {
            Details = new() { ["roles"] = string.Join(", ", roles.Distinct().Select(role => role.Name())) },
        });
    }
}
