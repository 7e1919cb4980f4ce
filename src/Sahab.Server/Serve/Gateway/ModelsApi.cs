using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>: the names that a key may ask for.</summary>
internal static class ModelsApi
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/models", (HttpContext context, SnapshotPublisher snapshots) =>
            ListAsync(context, snapshots.Current));
        // Names hold slashes, such as those of open models.
        endpoints.MapGet("/v1/models/{**id}", (HttpContext context, string id, SnapshotPublisher snapshots) =>
            GetAsync(context, id, snapshots.Current));
        endpoints.MapFallback("/v1/{**path}", (HttpContext context) =>
            ErrorResponse.WriteAsync(context, GatewayError.NoSuchPath(context.Request.Method, context.Request.Path)).AsTask());
        endpoints.MapFallback("/v1beta/{**path}", GeminiDoors.RefuseAsync);
        endpoints.MapFallback("/v1beta1/{**path}", GeminiDoors.RefuseAsync);
    }

    static async Task ListAsync(HttpContext context, ServeSnapshot snapshot)
    {
        if (Authenticate(context, snapshot, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return;
        }

        var entries = snapshot.Models
            .Where(model => IsServedTo(key, model))
            .Select(model => new ModelEntry(model.Name, snapshot.LoadedAtUnixSeconds, model.OwnedBy))
            .ToArray();
        context.Response.ContentType = "application/json";
        ModelListWriter.Write(context.Response.BodyWriter, entries);
    }

    static async Task GetAsync(HttpContext context, string id, ServeSnapshot snapshot)
    {
        if (Authenticate(context, snapshot, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return;
        }

        // The server decodes every escape in a path but that of a slash, which official clients send in names.
        id = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var model = snapshot.Models.FirstOrDefault(model => model.Name == id);
        if (model is null || !IsServedTo(key, model))
        {
            await ErrorResponse.WriteAsync(context, GatewayError.ModelNotFound(id));
            return;
        }

        context.Response.ContentType = "application/json";
        ModelListWriter.Write(
            context.Response.BodyWriter, new ModelEntry(model.Name, snapshot.LoadedAtUnixSeconds, model.OwnedBy));
    }

    /// <summary>Whether the key may name it, and some deployment of it lies where the key's data may go.</summary>
    static bool IsServedTo(ApiKey key, ServedModel model) =>
        (key.Models is null || key.Models.Contains(model.Name))
        && model.Route.Candidates.Any(deployment => key.Countries.Contains(deployment.Spec.Country));

    /// <summary>The key of a call that is not routed to a cloud, or what is wrong with it.</summary>
    public static ApiKey? Authenticate(HttpContext context, ServeSnapshot snapshot, out GatewayError? error)
    {
        var key = snapshot.Keys.Find(context.Request.Headers.Authorization, out var given);
        error = key is not null ? null : given ? GatewayError.UnknownKey() : GatewayError.MissingKey();
        return key;
    }
}
