using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>What a password came to.</summary>
internal enum PasswordFinding
{
    Wrong,
    Right,

    /// <summary>Right, and hashed in a way that we no longer hash: hash it again.</summary>
    RightButOld,
}

/// <summary>
/// Hashes and checks passwords, which takes a tenth of a second each time: so many at a time as there are processors, and
/// a short queue, so that nobody can keep them all from other work.
/// </summary>
internal sealed class Passwords : IDisposable
{
    public const int MinChars = 12;

    public const int MaxChars = 256;

    /// <summary>Rounds of PBKDF2 with HMAC-SHA-512.</summary>
    public const int Rounds = 210_000;

    /// <summary>The most that wait for their turn.</summary>
    public const int MaxWaiting = 64;

    static readonly object Nobody = new();

    readonly PasswordHasher<object> _hasher =
        new(Options.Create(new PasswordHasherOptions { IterationCount = Rounds }));

    readonly SemaphoreSlim _turns = new(Environment.ProcessorCount);
    readonly Lazy<string> _hashOfNone;
    int _waiting;

    public Passwords() => _hashOfNone = new Lazy<string>(() => _hasher.HashPassword(Nobody, SecretToken.Make()));

    /// <summary>The hash of a new password; null: too many wait.</summary>
    public Task<string?> HashAsync(string password, CancellationToken cancellation) =>
        InTurnAsync<string?>(() => _hasher.HashPassword(Nobody, password), null, cancellation);

    /// <summary>Checks a password; null: too many wait. Where there is nothing to check against, it takes as long.</summary>
    /// <param name="hash">The hash that is kept; null or empty: there is no such user, or they have no password.</param>
    public Task<PasswordFinding?> CheckAsync(string? hash, string password, CancellationToken cancellation) =>
        InTurnAsync<PasswordFinding?>(
            () => Judge(string.IsNullOrEmpty(hash) ? null : hash, password), null, cancellation);

    public void Dispose() => _turns.Dispose();

    PasswordFinding? Judge(string? hash, string password)
    {
        // Made the first time that anybody signs in, known or not: so neither takes longer.
        var none = _hashOfNone.Value;
        var result = _hasher.VerifyHashedPassword(Nobody, hash ?? none, password);
        return hash is null || result == PasswordVerificationResult.Failed ? PasswordFinding.Wrong
            : result == PasswordVerificationResult.SuccessRehashNeeded ? PasswordFinding.RightButOld
            : PasswordFinding.Right;
    }

    async Task<T> InTurnAsync<T>(Func<T> work, T refused, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return refused;
        }

        try
        {
            await _turns.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        try
        {
            return await Task.Run(work, CancellationToken.None);
        }
        finally
        {
            _turns.Release();
        }
    }
}
