using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Chatting from the portal: a member calls with a key of their organisation whose secret they need not have. The call is one
/// of the key, so that its limits, budgets and rules hold, and it is metered as any other.
/// </summary>
internal static class PlaygroundApi
{
    const string Chat = "/v1/chat/completions";

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/organisations/{organisation}/keys/{key}/chat/completions", RunAsync).Needs(Permission.Play).Reads("application/json")
            .Produces<JsonNode>(contentType: "application/json", additionalContentTypes: "text/event-stream")
            .WithMetadata(new RefusesAsFrontDoor())
            .WithSummary("A chat completion in the name of a key; the body is that of /v1/chat/completions");

    static Task RunAsync(
        string organisation, string key, HttpContext context, SnapshotPublisher snapshots, FrontDoor door) =>
        snapshots.Current.Keys.FindById(organisation, key) is { } caller
            ? door.HandleAsync(context, Door.At(Chat)!, caller, tier: null)
            : ControlError.NotFound("key", $"There is no key '{key}' that is good.").ExecuteAsync(context);
}
