namespace Sahab.Routing.Snapshot;

/// <summary>
/// What an attempt holds of a deployment: a request, tokens, a place, and the right to probe if its breaker is half
/// open. End it exactly once with one of the five endings, in a <c>finally</c> if nothing else; a second ending does
/// nothing, from a copy too. The default value holds nothing.
/// </summary>
public readonly struct DeploymentLease
{
    private readonly DeploymentState? _state;
    private readonly int _index;
    private readonly int _generation;

    internal DeploymentLease(DeploymentState state, int index, int generation)
    {
        _state = state;
        _index = index;
        _generation = generation;
    }

    /// <summary>Whether it was taken at all. Stays true after its end.</summary>
    public bool IsTaken => _state is not null;

    /// <summary>Reports the first token of a stream, when it comes. Closes the breaker if this is the probe.</summary>
    /// <param name="elapsedMs">Milliseconds from sending the request. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public void FirstToken(double elapsedMs, long nowMs) =>
        _state?.OnFirstToken(_index, _generation, elapsedMs, outputTokens: 0, nowMs);

    /// <summary>
    /// Reports an answer that was not streamed; the time that its tokens are likely to have taken is taken off. Closes
    /// the breaker if this is the probe.
    /// </summary>
    /// <param name="elapsedMs">Milliseconds from sending the request. At least 0.</param>
    /// <param name="outputTokens">Tokens of one choice of the answer. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public void Answered(double elapsedMs, long outputTokens, long nowMs) =>
        _state?.OnFirstToken(_index, _generation, elapsedMs, outputTokens, nowMs);

    /// <summary>Ends the lease of an attempt that ended well; a client that left changes nothing about that.</summary>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Succeed(in AttemptUsage usage, long nowMs) =>
        _state is not null && _state.OnSuccess(_index, _generation, usage, nowMs);

    /// <summary>Ends the lease of an attempt that the deployment failed.</summary>
    /// <param name="kind">How.</param>
    /// <param name="tokensUsed">Tokens that the provider is known or thought to have used. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Fail(FailureKind kind, long tokensUsed, long nowMs) =>
        _state is not null && _state.OnFailure(_index, _generation, kind, tokensUsed, nowMs);

    /// <summary>
    /// Ends the lease of an attempt that the provider answered with 429. Not a failure: it pauses the deployment for
    /// <see cref="HealthTerms.MaxThrottleMs"/> at most. The tokens are given back, the request is not.
    /// </summary>
    /// <param name="retryAfterMs">The provider's Retry-After; null without one.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Throttle(long? retryAfterMs, long nowMs) =>
        _state is not null && _state.OnThrottle(_index, _generation, retryAfterMs, nowMs);

    /// <summary>
    /// Ends the lease of an attempt whose credential the provider rejected: the deployment is out of service until a
    /// reload, or until a probe after a growing pause is accepted.
    /// </summary>
    /// <param name="reason">One of the two that speak of credentials.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool RejectCredential(OutageReason reason, long nowMs) =>
        _state is not null && _state.OnRejection(_index, _generation, reason, nowMs);

    /// <summary>
    /// Ends the lease of an attempt that says nothing about the deployment: the request was at fault, or the attempt
    /// was given up.
    /// </summary>
    /// <param name="tokensUsed">Tokens that the provider is known or thought to have used. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Release(long tokensUsed, long nowMs) =>
        _state is not null && _state.OnRelease(_index, _generation, tokensUsed, nowMs, wasSent: true);

    /// <summary>Ends the lease of an attempt that was never sent: request and tokens are given back.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Cancel(long nowMs) =>
        _state is not null && _state.OnRelease(_index, _generation, tokensUsed: 0, nowMs, wasSent: false);
}
