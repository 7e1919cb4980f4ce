using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Gemini.Clients;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// The names that a key may ask for, in the form of the client's vendor: <c>GET /v1/models</c> and <c>/v1/models/{id}</c>
/// in Anthropic's where the header <c>anthropic-version</c> is there and in OpenAI's otherwise,
/// <c>/v1beta/models</c> and <c>/v1beta/models/{id}</c> in Gemini's.
/// </summary>
internal static class ModelsApi
{
    /// <summary>Of all clients only Anthropic's send it.</summary>
    const string AnthropicHeader = "anthropic-version";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/models", (HttpContext context, SnapshotPublisher snapshots) =>
            ListAsync(context, ApiOf(context), snapshots.Current));
        // Names hold slashes, such as those of open models.
        endpoints.MapGet("/v1/models/{**id}", (HttpContext context, string id, SnapshotPublisher snapshots) =>
            GetAsync(context, ApiOf(context), id, snapshots.Current));
        endpoints.MapGet("/v1beta/models", (HttpContext context, SnapshotPublisher snapshots) =>
            ListAsync(context, GeminiDoors.Api, snapshots.Current));
        endpoints.MapGet("/v1beta/models/{**id}", (HttpContext context, string id, SnapshotPublisher snapshots) =>
            GetAsync(context, GeminiDoors.Api, id, snapshots.Current));
        endpoints.MapFallback("/v1/{**path}", (HttpContext context) =>
            ErrorResponse.WriteAsync(context, GatewayError.NoSuchPath(context.Request.Method, context.Request.Path)).AsTask());
        endpoints.MapFallback("/v1beta/{**path}", GeminiDoors.RefuseAsync);
        endpoints.MapFallback("/v1beta1/{**path}", GeminiDoors.RefuseAsync);
    }

    /// <summary>The key of a call that is not routed to a cloud, or what is wrong with it.</summary>
    public static ApiKey? Authenticate(HttpContext context, ServeSnapshot snapshot, out GatewayError? error)
    {
        var key = snapshot.Keys.Find(context.Request.Headers.Authorization, out var fault);
        error = key is not null ? null : KeyGuesses.Refuse(context, fault);
        return key;
    }

    static async Task ListAsync(HttpContext context, IClientApi? api, ServeSnapshot snapshot)
    {
        if (Authenticate(context, api, snapshot, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!, api);
            return;
        }

        var rules = RulesOf(context, key);
        var served = snapshot.Models.Where(model => IsServedTo(key, rules, model));
        var fault = api switch
        {
            null => WriteAll(context, served, snapshot),
            MessagesApi => WriteAnthropic(context, FactsOf(served, key, rules)),
            _ => WriteGemini(context, FactsOf(served, key, rules)),
        };
        if (fault is { } wrong)
        {
            await ErrorResponse.WriteAsync(context, GatewayError.BadRequest(wrong), api);
        }
    }

    static async Task GetAsync(HttpContext context, IClientApi? api, string id, ServeSnapshot snapshot)
    {
        if (Authenticate(context, api, snapshot, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!, api);
            return;
        }

        // The server decodes every escape in a path but that of a slash, which official clients send in names.
        id = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var model = snapshot.Models.FirstOrDefault(model => model.Name == id);
        var rules = RulesOf(context, key);
        if (model is null || !IsServedTo(key, rules, model))
        {
            await ErrorResponse.WriteAsync(context, GatewayError.ModelNotFound(id), api);
            return;
        }

        var output = Begin(context);
        switch (api)
        {
            case null:
                ModelListWriter.Write(output, EntryOf(model, snapshot));
                break;
            case MessagesApi:
                AnthropicModelWriter.Write(output, FactsOf(model, key, rules));
                break;
            default:
                GeminiModelWriter.Write(output, FactsOf(model, key, rules));
                break;
        }
    }

    static RequestFault? WriteAll(HttpContext context, IEnumerable<ServedModel> served, ServeSnapshot snapshot)
    {
        ModelListWriter.Write(Begin(context), served.Select(model => EntryOf(model, snapshot)).ToArray());
        return null;
    }

    static RequestFault? WriteAnthropic(HttpContext context, IEnumerable<ModelFacts> served)
    {
        // Whatever its list holds, Anthropic's client may send messages to.
        ModelFacts[] chats = [.. served.Where(model => model.Chats)];
        if (ModelPage.OfAnthropic(chats, context.Request.Query, out var fault) is not { } page)
        {
            return fault;
        }

        AnthropicModelWriter.Write(Begin(context), page.Models, page.HasMore);
        return null;
    }

    static RequestFault? WriteGemini(HttpContext context, IEnumerable<ModelFacts> served)
    {
        ModelFacts[] known = [.. served.Where(model => model.Chats || model.Embeds)];
        if (ModelPage.OfGemini(known, context.Request.Query, out var fault) is not { } page)
        {
            return fault;
        }

        GeminiModelWriter.Write(Begin(context), page.Models, page.NextToken());
        return null;
    }

    /// <summary>The API in whose form a call below <c>/v1</c> is answered; null for OpenAI's.</summary>
    static MessagesApi? ApiOf(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey(AnthropicHeader))
        {
            return null;
        }

        var api = MessagesApi.Messages;
        context.Response.Headers[api.RequestIdHeader] = context.Response.Headers["x-request-id"];
        return api;
    }

    /// <summary>The key, in whichever vendor's header it came.</summary>
    static ApiKey? Authenticate(HttpContext context, IClientApi? api, ServeSnapshot snapshot, out GatewayError? error)
    {
        var key = snapshot.Keys.Find(context.Request.Headers.Authorization, out var fault);
        if (fault == KeyFault.Missing)
        {
            key = FrontDoor.FindForeignKey(context, snapshot, inQuery: api == GeminiDoors.Api, out fault);
        }

        error = key is not null ? null : KeyGuesses.Refuse(context, fault);
        return key;
    }

    static System.IO.Pipelines.PipeWriter Begin(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.BodyWriter;
    }

    static ModelEntry EntryOf(ServedModel model, ServeSnapshot snapshot) =>
        new(model.Name, snapshot.LoadedAtUnixSeconds, model.OwnedBy);

    static IEnumerable<ModelFacts> FactsOf(IEnumerable<ServedModel> models, ApiKey key, DataRules? rules) =>
        models.Select(model => FactsOf(model, key, rules));

    /// <summary>The longest context that the key can get; not known where that of one deployment is not.</summary>
    static ModelFacts FactsOf(ServedModel model, ApiKey key, DataRules? rules)
    {
        var contexts = Reachable(key, rules, model).Select(deployment => deployment.Spec.ContextTokens).ToList();
        return new ModelFacts(
            model.Name, contexts.Contains(0) ? 0 : contexts.Max(), model.MaxOutputTokens,
            model.Route.Serves(Operation.ChatCompletions), model.Route.Serves(Operation.Embeddings));
    }

    /// <summary>Whether the key may name it, and some deployment of it lies where the key's data may go.</summary>
    static bool IsServedTo(ApiKey key, DataRules? rules, ServedModel model) =>
        (key.Models is null || key.Models.Contains(model.Name)) && Reachable(key, rules, model).Any();

    static IEnumerable<Routing.Snapshot.Deployment> Reachable(
        ApiKey key, DataRules? rules, ServedModel model) =>
        model.Route.Candidates.Where(deployment => key.Countries.Contains(deployment.Spec.Country)
            && (rules is null || rules.Allows(deployment.Spec)));

    static DataRules? RulesOf(HttpContext context, ApiKey key) =>
        context.RequestServices.GetRequiredService<DataRulesShelf>().For(key.Tenant, key.Project, key.Id);
}
