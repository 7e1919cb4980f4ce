using System.Text.Json;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Batches;

/// <summary><c>/v1/batches</c>: making, following and cancelling them.</summary>
internal static class BatchesApi
{
    /// <summary>Batches of one tenant that may be under way.</summary>
    const int MaxActive = 100;

    const int MaxBodyBytes = 64 * 1024;
    const int DefaultBatches = 20;
    const int MostBatches = 100;

    static readonly string[] Endpoints =
        ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"];

    /// <summary>How long a batch may take; its API knows no other.</summary>
    static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/batches", CreateAsync).ExcludeFromDescription();
        endpoints.MapGet("/v1/batches", ListAsync).ExcludeFromDescription();
        endpoints.MapGet("/v1/batches/{id}", GetAsync).ExcludeFromDescription();
        endpoints.MapPost("/v1/batches/{id}/cancel", CancelAsync).ExcludeFromDescription();
    }

    static async Task CreateAsync(HttpContext context, FileRoom room, BatchLoop loop)
    {
        if (ModelsApi.Authenticate(context, room.Snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return;
        }

        if (BatchErrors.NotAllowed(key.RulesIn(room.Rules)) is { } refused)
        {
            await ErrorResponse.WriteAsync(context, refused);
            return;
        }

        var (body, fault) = await BodyReader.ReadAsync(
            context.Request.BodyReader, context.Request.ContentLength, MaxBodyBytes, context.RequestAborted);
        using (body)
        {
            if (fault != BodyFault.None)
            {
                await ErrorResponse.WriteAsync(context, GatewayError.BodyTooLarge(MaxBodyBytes));
                return;
            }

            var (batch, wrong) = await ReadAsync(body.Memory, key, room, context.RequestAborted);
            if (batch is null)
            {
                await ErrorResponse.WriteAsync(context, wrong!);
                return;
            }

            await room.Batches.AddAsync(batch, context.RequestAborted);
            loop.Wake();
            await context.Response.WriteAsJsonAsync(BatchJson.Of(batch), BatchJson.Options, context.RequestAborted);
        }
    }

    static async Task<(Batch? Batch, GatewayError? Error)> ReadAsync(
        ReadOnlyMemory<byte> body, ApiKey key, FileRoom room, CancellationToken cancellation)
    {
        JsonElement request;
        try
        {
            request = JsonElement.Parse(body.Span);
        }
        catch (JsonException wrong)
        {
            return (null, BatchErrors.Invalid("body", $"The body is not valid JSON: {wrong.Message}", "invalid_json"));
        }

        if (request.ValueKind != JsonValueKind.Object)
        {
            return (null, BatchErrors.Invalid("body", "The body must be a JSON object.", "invalid_type"));
        }

        var endpoint = Text(request, "endpoint");
        if (endpoint is null || !Endpoints.Contains(endpoint))
        {
            return (null, BatchErrors.Invalid("endpoint", $"'endpoint' must be one of {string.Join(", ", Endpoints)}."));
        }

        if (Text(request, "completion_window") is not "24h")
        {
            return (null, BatchErrors.Invalid("completion_window", "'completion_window' must be '24h'."));
        }

        var metadata = request.TryGetProperty("metadata", out var given) && given.ValueKind != JsonValueKind.Null
            ? given
            : JsonElement.Parse("{}");
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            return (null, BatchErrors.Invalid("metadata", "'metadata' must be an object.", "invalid_type"));
        }

        var now = room.Time.GetUtcNow();
        var input = Text(request, "input_file_id") ?? "";
        if (!BatchIds.TryReadFile(input, out var id)
            || await room.Files.FindAsync(key.Tenant, key.Project, id, now, cancellation) is not { } file)
        {
            return (null, BatchErrors.Invalid("input_file_id", BatchErrors.NoSuchFile(input).Message, "file_not_found"));
        }

        if (!room.Folder.Has(file.Id))
        {
            return (null, BatchErrors.NotHere(input));
        }

        if (file.Key != key.Id && HasOwnRules(file, room))
        {
            return (null, BatchErrors.Invalid(
                "input_file_id",
                "The file came with a key that has rules on data of its own, which hold for what is in it. Make the batch with "
                + "that key.", "file_of_another_key"));
        }

        return await room.Batches.CountActiveAsync(key.Tenant, cancellation) >= MaxActive
            ? (null, BatchErrors.TooManyBatches(MaxActive))
            : (new Batch(
                room.Ids.Next(), key.Tenant, key.Id, endpoint, file.Id, null, null, BatchStatus.Validating,
                metadata.GetRawText(), null, 0, 0, 0, now, now + Window, null, null, null, null)
            {
                Project = key.Project,
            }, null);
    }

    /// <summary>Whether the key that a file came with keeps to more than its project's rules.</summary>
    static bool HasOwnRules(StoredFile file, FileRoom room) => file.Key.Length > 0 && !ReferenceEquals(
        room.Rules.For(
            file.Tenant, file.Project, file.Key, room.Snapshots.Current.Keys.Recall(file.Tenant, file.Key)?.Data),
        room.Rules.For(file.Tenant, file.Project));

    static async Task ListAsync(HttpContext context, FileRoom room)
    {
        if (ModelsApi.Authenticate(context, room.Snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return;
        }

        string? after = context.Request.Query["after"];
        Guid? mark = BatchIds.TryReadBatch(after, out var id) ? id : null;
        if (BatchJson.Limit(context, DefaultBatches, MostBatches) is not { } limit || (after is not null && mark is null))
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.Invalid(
                "limit", $"'limit' must be from 1 to {MostBatches}, and 'after' a batch's id."));
            return;
        }

        var found = await room.Batches.ListAsync(key.Tenant, key.Project, mark, limit + 1, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            BatchJson.Page(found.Select(BatchJson.Of).ToList(), limit, batch => batch.Id), BatchJson.Options,
            context.RequestAborted);
    }

    static async Task GetAsync(HttpContext context, string id, FileRoom room)
    {
        if (await FindAsync(context, id, room) is { } batch)
        {
            await context.Response.WriteAsJsonAsync(BatchJson.Of(batch), BatchJson.Options, context.RequestAborted);
        }
    }

    static async Task CancelAsync(HttpContext context, string id, FileRoom room)
    {
        if (await FindAsync(context, id, room) is not { } batch)
        {
            return;
        }

        if (!await room.Batches.CancelAsync(
                batch.Tenant, batch.Project, batch.Id, room.Time.GetUtcNow(), context.RequestAborted)
            && batch.Status is not (BatchStatus.Cancelling or BatchStatus.Cancelled))
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.NotCancellable(id, batch.Status));
            return;
        }

        var now = await room.Batches.FindAsync(batch.Tenant, batch.Project, batch.Id, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(BatchJson.Of(now ?? batch), BatchJson.Options, context.RequestAborted);
    }

    /// <summary>The batch of that id of the caller's project; where there is none, the caller has been told.</summary>
    static async Task<Batch?> FindAsync(HttpContext context, string id, FileRoom room)
    {
        if (ModelsApi.Authenticate(context, room.Snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return null;
        }

        var found = BatchIds.TryReadBatch(id, out var batch)
            ? await room.Batches.FindAsync(key.Tenant, key.Project, batch, context.RequestAborted)
            : null;
        if (found is null)
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.NoSuchBatch(id));
        }

        return found;
    }

    static string? Text(JsonElement owner, string member) =>
        owner.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
