using Sahab.Server.Sell.Tenants.SignIn;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Deletes what has ended by itself: sessions, tokens, invitations, rounds of signing in.</summary>
internal sealed partial class AccountLoop(
    SessionStore sessions, AccessTokenStore tokens, InvitationStore invitations, SignInRoundStore rounds,
    TimeProvider time, ILogger<AccountLoop> logger) : BackgroundService
{
    static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    /// <summary>Deletes what has ended before now.</summary>
    public async Task PurgeAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await sessions.PurgeAsync(now, cancellation);
        await tokens.PurgeAsync(now, cancellation);
        await invitations.PurgeAsync(now, cancellation);
        await rounds.PurgeAsync(now, cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Period, time, stoppingToken);
            try
            {
                await PurgeAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    [LoggerMessage(7020, LogLevel.Error, "Ended sessions, tokens and invitations could not be deleted; trying again.")]
    partial void LogFailed(Exception error);
}
