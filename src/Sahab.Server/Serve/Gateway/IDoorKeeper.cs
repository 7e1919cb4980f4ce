namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// What a door does for calls that refer to earlier ones, or are kept themselves: it looks up before a request is read,
/// and keeps before the last byte of an answer goes out.
/// </summary>
internal interface IDoorKeeper
{
    /// <summary>
    /// Looks up what the call's body refers to: sets the API that knows it (<see cref="Call.Api"/>), and narrows where
    /// the call may go (<see cref="Call.Countries"/>). Returns what is wrong, or nothing.
    /// </summary>
    ValueTask<GatewayError?> OpenAsync(Call call);

    /// <summary>
    /// Keeps what the call's exchange holds, once the usage is durable. Where that fails the exchange is told, and its
    /// answer says so.
    /// </summary>
    /// <returns>False where the answer has changed by that, so that it must be written again.</returns>
    ValueTask<bool> KeepAsync(Call call);
}
