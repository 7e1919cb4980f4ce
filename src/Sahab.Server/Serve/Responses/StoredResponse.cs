namespace Sahab.Server.Serve.Responses;

/// <summary>One turn of a conversation, as it is kept.</summary>
/// <param name="Id">The id of the call that made it.</param>
/// <param name="Previous">The turn that it continues; none for the first.</param>
/// <param name="Countries">Where its calls may go, as a set of countries writes itself.</param>
/// <param name="Input">Its own input: a JSON array of items.</param>
/// <param name="Body">The response as the client has it.</param>
internal sealed record StoredResponse(
    Guid Id, Guid? Previous, string Tenant, string Countries, DateTimeOffset CreatedAt, string Input, string Body)
{
    /// <summary>The project of the key that called: its keys, and no others of the tenant, have it.</summary>
    public string Project { get; init; } = "";
}
