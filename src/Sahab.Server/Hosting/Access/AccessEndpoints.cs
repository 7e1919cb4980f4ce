namespace Sahab.Server.Hosting.Access;

/// <summary>What an endpoint needs, in its metadata; the innermost counts.</summary>
/// <param name="ToRead">To GET and HEAD.</param>
/// <param name="ToChange">For every other method.</param>
internal sealed record Needed(Permission ToRead, Permission ToChange)
{
    public Permission For(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? ToRead : ToChange;
}

/// <summary>The body that an endpoint reads by hand, in its metadata.</summary>
/// <param name="Type">What the body is; null: not JSON.</param>
internal sealed record BodyRead(Type? Type, string MediaType);

/// <summary>That an endpoint answers with a part of a list (<see cref="ListPage"/>), in its metadata.</summary>
internal sealed record PartAnswered;

/// <summary>That an endpoint refuses as the front door does where it is the front door that refuses, in its metadata.</summary>
internal sealed record RefusesAsFrontDoor;

/// <summary>How endpoints of the control API say what they need, read and answer.</summary>
internal static class AccessEndpoints
{
    /// <summary>The value of the path that names the organisation which an endpoint is about.</summary>
    public const string Organisation = "organisation";

    /// <summary>Says what the endpoint, or each of the group, needs.</summary>
    public static T Needs<T>(this T endpoint, Permission permission)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new Needed(permission, permission));

    /// <summary>Says what each endpoint of the group needs to be read, and to be used otherwise.</summary>
    public static T Needs<T>(this T endpoint, Permission toRead, Permission toChange)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new Needed(toRead, toChange));

    /// <summary>Says what JSON the endpoint reads, for the description of the API.</summary>
    public static RouteHandlerBuilder Reads<TBody>(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new BodyRead(typeof(TBody), "application/json"));

    /// <summary>Says what else than JSON the endpoint reads, for the description of the API.</summary>
    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder endpoint, string mediaType) =>
        endpoint.WithMetadata(new BodyRead(null, mediaType));

    /// <summary>Says that the endpoint answers with a part of a list, and of what, for the description of the API.</summary>
    public static RouteHandlerBuilder Pages<TAnswer>(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new PartAnswered()).Produces<Listing<TAnswer>>();
}
