namespace Sahab.Server.Serve.Providers.Credentials;

/// <summary>A token and when it ends.</summary>
internal readonly record struct AccessToken(string Value, DateTimeOffset ExpiresAt);

/// <summary>
/// Keeps one token fresh for all calls. It is fetched anew well before it ends while the old one still serves; however
/// many calls wait, one fetch runs at a time; and a failed fetch is not repeated at once.
/// </summary>
/// <param name="fetch">Gets a new token. Throws <see cref="CredentialException"/> when there is none to be had.</param>
internal sealed class TokenCache(Func<CancellationToken, Task<AccessToken>> fetch, TimeProvider time)
{
    /// <summary>How long before its end a token is fetched anew, unless its life is short.</summary>
    public static readonly TimeSpan RefreshAhead = TimeSpan.FromMinutes(5);

    /// <summary>How long a fetch may take.</summary>
    public static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long after a failed fetch the next one may begin.</summary>
    public static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(2);

    /// <summary>A token this close to its end is not sent any more: it could end on its way.</summary>
    static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    readonly Lock _gate = new();
    AccessToken? _token;
    DateTimeOffset _refreshAt;
    Task<AccessToken>? _fetching;
    DateTimeOffset _notBefore;
    CredentialException? _failure;

    /// <summary>A token that is good for now.</summary>
    /// <exception cref="CredentialException">There is none to be had.</exception>
    public ValueTask<string> GetAsync(CancellationToken cancellation)
    {
        Task<AccessToken> fetching;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var isGood = _token is { } token && now < token.ExpiresAt - MarginOf(token);
            if (isGood && now < _refreshAt)
            {
                return new(_token!.Value.Value);
            }

            if (_fetching is null && now >= _notBefore)
            {
                _fetching = FetchAsync();
            }

            if (isGood)
            {
                return new(_token!.Value.Value);
            }

            fetching = _fetching ?? Task.FromException<AccessToken>(
                _failure ?? new CredentialException("no token could be fetched"));
        }

        return new(WaitAsync(fetching, cancellation));
    }

    /// <summary>Says that a token was not accepted, so that it is not sent again.</summary>
    public void Reject(string value)
    {
        lock (_gate)
        {
            if (_token?.Value == value)
            {
                _token = null;
            }
        }
    }

    static async Task<string> WaitAsync(Task<AccessToken> fetching, CancellationToken cancellation) =>
        (await fetching.WaitAsync(cancellation)).Value;

    async Task<AccessToken> FetchAsync()
    {
        // Off the lock, and off the call that happened to come first: its end must not end the fetch.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var limit = new CancellationTokenSource(FetchTimeout, time);
        try
        {
            var token = await fetch(limit.Token);
            lock (_gate)
            {
                var life = token.ExpiresAt - time.GetUtcNow();
                _refreshAt = token.ExpiresAt - (life / 5 < RefreshAhead ? life / 5 : RefreshAhead);
                (_token, _fetching, _failure, _notBefore) = (token, null, null, default);
            }

            return token;
        }
        catch (Exception failure)
        {
            var told = failure as CredentialException ?? new CredentialException(
                failure is OperationCanceledException
                    ? "the token service did not answer in time"
                    : $"the token service could not be used ({failure.GetType().Name})", failure);
            lock (_gate)
            {
                (_fetching, _failure, _notBefore) = (null, told, time.GetUtcNow() + FailurePause);
            }

            throw told;
        }
    }

    static TimeSpan MarginOf(in AccessToken token) => token.ExpiresAt == DateTimeOffset.MaxValue ? default : Margin;
}
