using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Hosting.Access;

/// <summary>A request with an idempotency key, as it is stored.</summary>
/// <param name="Print">What tells whether another is the same.</param>
/// <param name="Status">What it was answered with; 0: it has not been yet, or nobody knows.</param>
/// <param name="Answer">Sealed; empty: there is none, or it was too long to keep.</param>
internal sealed record IdempotentRequest(string Print, int Status, string ContentType, string Answer);

/// <summary>Requests with an idempotency key in the database.</summary>
internal sealed class IdempotentRequestStore(SahabDatabase database)
{
    /// <summary>How long a request and its answer are kept.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>Requests of a caller at once, and how soon there is room for another.</summary>
    public const int AtOnce = 5000;

    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    readonly AttemptLimiter _begun = new(AtOnce, Interval);

    /// <summary>Takes room for a request of a caller.</summary>
    /// <param name="nowMs">Of a clock that never goes back.</param>
    /// <returns>Zero: there is; else when to come again.</returns>
    public TimeSpan TakeRoom(string caller, long nowMs) => _begun.Take(caller, nowMs);

    /// <summary>Begins a request, unless there is one: that is returned; null: begun.</summary>
    public async Task<IdempotentRequest?> BeginAsync(
        string id, string print, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var parameters = new
        {
            Id = id,
            Print = print,
            NowUs = UnixMicroseconds.From(now),
            OldUs = UnixMicroseconds.From(now - Life),
        };
        while (true)
        {
            // One that is past its time and not deleted yet gives way: whoever comes first takes its place.
            if (await connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO idempotent_request (request_id, fingerprint, status, content_type, answer, begun_us)
                VALUES (@Id, @Print, 0, '', '', @NowUs)
                ON CONFLICT (request_id) DO UPDATE SET fingerprint = excluded.fingerprint, status = 0, content_type = '',
                    answer = '', begun_us = excluded.begun_us
                WHERE idempotent_request.begun_us <= @OldUs
                """,
                parameters, cancellationToken: cancellation)) > 0)
            {
                return null;
            }

            var found = await connection.ReadAllAsync<(string Print, long Status, string ContentType, string Answer)>(
                new CommandDefinition(
                    "SELECT fingerprint, status, content_type, answer FROM idempotent_request WHERE request_id = @Id",
                    parameters, cancellationToken: cancellation));
            if (found.Count > 0)
            {
                var row = found[0];
                return new IdempotentRequest(row.Print, (int)row.Status, row.ContentType, row.Answer);
            }
        }
    }

    /// <summary>Keeps what the request came to.</summary>
    public Task EndAsync(string id, int status, string contentType, string answer, CancellationToken cancellation) =>
        ExecuteAsync(
            """
            UPDATE idempotent_request SET status = @Status, content_type = @ContentType, answer = @Answer
            WHERE request_id = @Id
            """,
            new { Id = id, Status = (long)status, ContentType = contentType, Answer = answer }, cancellation);

    /// <summary>Forgets a request that changed nothing, so that it can be sent again.</summary>
    public Task ForgetAsync(string id, CancellationToken cancellation) => ExecuteAsync(
        "DELETE FROM idempotent_request WHERE request_id = @Id", new { Id = id }, cancellation);

    /// <summary>Deletes what is past its time.</summary>
    public Task PurgeAsync(DateTimeOffset now, CancellationToken cancellation) => ExecuteAsync(
        "DELETE FROM idempotent_request WHERE begun_us <= @OldUs",
        new { OldUs = UnixMicroseconds.From(now - Life) }, cancellation);

    async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellation));
    }
}
