using System.Data.Common;
using Npgsql;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Tests.Database;

/// <summary>A node takes so many connections of a PostgreSQL that others need too, and no more.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgresPoolTests(PostgresServer server)
{
    [Theory]
    [InlineData("", PostgresDatabase.MaxConnections)]
    [InlineData(";MaxPoolSize=3", 3)]
    public async Task A_node_has_at_most_so_many_connections(string more, int most)
    {
        var settings = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync()) { Timeout = 1 };
        settings.Remove("Maximum Pool Size");
        await using var database = new PostgresDatabase(settings.ConnectionString + more);
        var open = new List<DbConnection>();
        try
        {
            for (var connection = 0; connection < most; connection++)
            {
                open.Add(await database.OpenAsync(CancellationToken.None));
            }

            (await Should.ThrowAsync<NpgsqlException>(database.OpenAsync(CancellationToken.None).AsTask()))
                .Message.ShouldContain("pool");
        }
        finally
        {
            foreach (var connection in open)
            {
                await connection.DisposeAsync();
            }
        }
    }
}
