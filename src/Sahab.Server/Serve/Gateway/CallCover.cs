using Sahab.Routing.Admission;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// That a call is within what was reserved for a minute, and so costs nothing more. Ended once, with the tokens that it used
/// or, if it was attempted nowhere, without any.
/// </summary>
internal sealed class CallCover
{
    readonly KeyLease _lease;

    CallCover(KeyLease lease) => _lease = lease;

    /// <summary>Covers a call of so many tokens, if there is so much left of the minute; otherwise nothing.</summary>
    public static CallCover? TryTake(KeyLimiter cover, long tokens, long nowMs) =>
        cover.TryAdmit(tokens, nowMs, out var lease).Admitted ? new CallCover(lease) : null;

    public void Settle(long tokensUsed, long nowMs) => _lease.Settle(tokensUsed, nowMs);

    public void Cancel(long nowMs) => _lease.Cancel(nowMs);
}
