using System.Text.Json;
using Dapper;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Prices;

/// <summary>The price books that have been in force.</summary>
internal sealed class PriceStore(SahabDatabase database)
{
    const string SelectLast = "SELECT number, content FROM price_book_version ORDER BY number DESC LIMIT 1";

    /// <summary>The last book that was in force, on whichever node; null: there never was one.</summary>
    public async Task<PriceBookConfig?> ReadAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(long Number, string Content)>(
            new CommandDefinition(SelectLast, cancellationToken: cancellation));
        return rows.Count == 0 ? null : JsonSerializer.Deserialize<PriceBookConfig>(rows[0].Content);
    }

    /// <summary>Keeps a book, unless it is the last one already.</summary>
    public async Task AddAsync(SeenBook book, CancellationToken cancellation)
    {
        var content = JsonSerializer.Serialize(book.Config);
        await using var connection = await database.OpenAsync(cancellation);
        while (true)
        {
            var rows = await connection.ReadAllAsync<(long Number, string Content)>(
                new CommandDefinition(SelectLast, cancellationToken: cancellation));
            if (rows.Count > 0 && rows[0].Content == content)
            {
                return;
            }

            // Where another node was first with the number, the loop looks at what it kept.
            var added = await connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO price_book_version (number, content, seen_us) VALUES (@Number, @Content, @SeenUs)
                ON CONFLICT DO NOTHING
                """,
                new
                {
                    Number = rows.Count == 0 ? 1 : rows[0].Number + 1,
                    Content = content,
                    SeenUs = UnixMicroseconds.From(book.SeenAt),
                },
                cancellationToken: cancellation));
            if (added > 0)
            {
                return;
            }
        }
    }
}
