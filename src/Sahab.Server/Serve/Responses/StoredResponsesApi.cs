using System.Globalization;
using System.Text.Json;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.Responses;

namespace Sahab.Server.Serve.Responses;

/// <summary>Reading and deleting kept responses, each by its project only.</summary>
internal static class StoredResponsesApi
{
    const string Path = "/v1/responses/{id}";
    const int DefaultItems = 20;
    const int MostItems = 100;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Path, GetAsync).ExcludeFromDescription();
        endpoints.MapDelete(Path, DeleteAsync).ExcludeFromDescription();
        endpoints.MapGet($"{Path}/input_items", ListItemsAsync).ExcludeFromDescription();
        endpoints.MapPost($"{Path}/cancel", CancelAsync).ExcludeFromDescription();
    }

    static async Task GetAsync(
        HttpContext context, string id, SnapshotPublisher snapshots, ResponseStore store, TimeProvider time)
    {
        if (await FindAsync(context, id, snapshots, store, time) is not { } response)
        {
            return;
        }

        if (string.Equals(context.Request.Query["stream"], "true", StringComparison.OrdinalIgnoreCase))
        {
            await ErrorResponse.WriteAsync(context, ResponseErrors.NoReplay());
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(response.Body, context.RequestAborted);
    }

    static async Task DeleteAsync(
        HttpContext context, string id, SnapshotPublisher snapshots, ResponseStore store, TimeProvider time)
    {
        if (await FindAsync(context, id, snapshots, store, time) is not { } response)
        {
            return;
        }

        await store.DeleteAsync(
            response.Tenant, response.Project, response.Id, time.GetUtcNow(), context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            new DeletedResponse(id, "response", Deleted: true), Explanation.Json, context.RequestAborted);
    }

    static async Task CancelAsync(
        HttpContext context, string id, SnapshotPublisher snapshots, ResponseStore store, TimeProvider time)
    {
        if (await FindAsync(context, id, snapshots, store, time) is not null)
        {
            await ErrorResponse.WriteAsync(context, ResponseErrors.NotInBackground(id));
        }
    }

    static async Task ListItemsAsync(
        HttpContext context, string id, SnapshotPublisher snapshots, ResponseStore store, TimeProvider time)
    {
        if (await FindAsync(context, id, snapshots, store, time) is not { } response)
        {
            return;
        }

        var query = context.Request.Query;
        string? limitText = query["limit"];
        var limit = DefaultItems;
        if (limitText is not null && (!int.TryParse(limitText, CultureInfo.InvariantCulture, out limit)
            || limit is < 1 or > MostItems))
        {
            await ErrorResponse.WriteAsync(context, ResponseErrors.BadParameter(
                "limit", $"'limit' must be a whole number from 1 to {MostItems}."));
            return;
        }

        var items = JsonElement.Parse(response.Input).EnumerateArray().ToList();
        if (query["order"] != "asc")
        {
            items.Reverse();
        }

        string? after = query["after"];
        var start = after is null ? 0 : items.FindIndex(item => IdOf(item) == after) + 1;
        var page = items.Skip(start).Take(limit).ToList();
        await context.Response.WriteAsJsonAsync(
            new ItemList(
                "list", page, page.Count > 0 ? IdOf(page[0]) : null, page.Count > 0 ? IdOf(page[^1]) : null,
                start + page.Count < items.Count),
            ItemList.Json, context.RequestAborted);
    }

    static string? IdOf(JsonElement item) => item.GetProperty("id"u8).GetString();

    /// <summary>The response of that id of the caller's project; where there is none, the caller has been told.</summary>
    static async Task<StoredResponse?> FindAsync(
        HttpContext context, string id, SnapshotPublisher snapshots, ResponseStore store, TimeProvider time)
    {
        if (ModelsApi.Authenticate(context, snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return null;
        }

        var response = ResponseIds.TryReadResponse(id, out var call)
            ? await store.FindAsync(key.Tenant, key.Project, call, time.GetUtcNow(), context.RequestAborted)
            : null;
        if (response is null)
        {
            await ErrorResponse.WriteAsync(context, ResponseErrors.NotFound(id));
        }

        return response;
    }

    sealed record DeletedResponse(string Id, string Object, bool Deleted);

    /// <summary>A page of items as OpenAI's lists are.</summary>
    sealed record ItemList(
        string Object, IReadOnlyList<JsonElement> Data, string? FirstId, string? LastId, bool HasMore)
    {
        public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        };
    }
}
