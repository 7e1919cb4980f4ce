using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Signs users up and in by their password, and begins their sessions however they signed in.</summary>
internal sealed class SignInDesk(
    AccountStore accounts, SessionStore sessions, InvitationStore invitations, MemberStore members, Passwords passwords, RequestSite site,
    SessionCookie cookie, CallerCache cache, IdSource ids, MonotonicClock clock, TimeProvider time,
    ConfigurationState configuration)
{
    /// <summary>Attempts at a user's password at once, from wherever, and how soon there is another.</summary>
    public const int AttemptsOfUser = 10;

    /// <summary>Attempts of a client at once, at whichever users, and how soon there is another.</summary>
    public const int AttemptsOfClient = 50;

    public static readonly TimeSpan UserInterval = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan ClientInterval = TimeSpan.FromSeconds(6);

    const int MaxClientChars = 200;

    static readonly ControlProblem Failed = new(
        StatusCodes.Status401Unauthorized, "sign_in_failed", "There is no user with this e-mail and password.");

    static readonly ControlProblem Busy = new(
        StatusCodes.Status503ServiceUnavailable, "busy", "Too many are signing in at the moment. Try again.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    readonly AttemptLimiter _ofUser = new(AttemptsOfUser, UserInterval);
    readonly AttemptLimiter _ofClient = new(AttemptsOfClient, ClientInterval);

    /// <summary>Makes a user. They are signed in by <see cref="BeginAsync"/>.</summary>
    /// <param name="invitation">
    /// The token of an invitation, without which nobody signs up where that is configured. Where it is good and for their
    /// e-mail, it is accepted; else they can still accept another when they are signed in.
    /// </param>
    public async Task<(Account? Account, ControlProblem? Refusal)> SignUpAsync(
        HttpContext context, string email, string password, string? name, string? invitation)
    {
        if (Take(_ofClient, site.ClientOf(context)) is { } tooMany)
        {
            return (null, tooMany);
        }

        if (await RefusalToSignUpAsync(email, invitation, isVerified: false, context.RequestAborted) is { } refusal)
        {
            return (null, refusal);
        }

        var (account, fault) = await AddAsync(email, password, name, by: null, context.RequestAborted);
        if (account is not null && invitation is { Length: <= SecretToken.MaxChars })
        {
            await members.AcceptAsync(
                SecretToken.HashOf(invitation), account.Id, email, time.GetUtcNow(), account.Actor, context.RequestAborted);
        }

        return (account, fault);
    }

    /// <summary>Makes a user, whoever may sign up.</summary>
    /// <param name="by">Who makes the user; null: the user themselves.</param>
    public async Task<(Account? Account, ControlProblem? Refusal)> AddAsync(
        string email, string password, string? name, string? by, CancellationToken cancellation)
    {
        if (await passwords.HashAsync(password, cancellation) is not { } hash)
        {
            return (null, Busy);
        }

        var account = new Account(PublicId.Make(Account.IdKind, ids.Next()), email, name ?? "", time.GetUtcNow());
        return await accounts.AddAsync(account, hash, null, cancellation, by)
            ? (account, null)
            : (null, ControlError.Conflict("There is a user with this e-mail already. Sign in."));
    }

    /// <summary>Why nobody new may sign up with the e-mail; null: they may.</summary>
    /// <param name="isVerified">Whether it is known to be theirs, so that it shows the invitation as its token does.</param>
    public async Task<ControlProblem?> RefusalToSignUpAsync(
        string email, string? invitation, bool isVerified, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return configuration.Current.SignIn.SignUp
            || (isVerified && await invitations.IsInvitedAsync(email, now, cancellation))
            || (invitation is not null
                && (await invitations.FindAsync(SecretToken.HashOf(invitation), now, cancellation))?.Email == email)
                ? null
                : new ControlProblem(
                    StatusCodes.Status403Forbidden, "invitation_needed", "Only who was invited may sign up here.");
    }

    /// <summary>Checks a password. Whatever is wrong, the answer is the same and takes as long.</summary>
    public async Task<(Account? Account, ControlProblem? Refusal)> SignInAsync(
        HttpContext context, string email, string password)
    {
        var client = site.ClientOf(context);
        if ((Take(_ofClient, client) ?? Take(_ofUser, email)) is { } tooMany)
        {
            return (null, tooMany);
        }

        var known = await accounts.FindByEmailAsync(email, context.RequestAborted);
        var finding = await passwords.CheckAsync(known?.Password, password, context.RequestAborted);
        if (finding is null or PasswordFinding.Wrong || known is not { } user)
        {
            return (null, finding is null ? Busy : Failed);
        }

        _ofUser.GiveBack(email);
        _ofClient.GiveBack(client);
        if (finding == PasswordFinding.RightButOld
            && await passwords.HashAsync(password, context.RequestAborted) is { } rehashed)
        {
            await accounts.RehashAsync(user.Account.Id, user.Password, rehashed, context.RequestAborted);
        }

        return (user.Account, null);
    }

    /// <summary>Sets another password, if the user knows the one that it replaces.</summary>
    public async Task<ControlProblem?> ChangePasswordAsync(
        Account account, string session, string current, string next, CancellationToken cancellation)
    {
        if (Take(_ofUser, account.Email) is { } tooMany)
        {
            return tooMany;
        }

        var known = await accounts.FindByEmailAsync(account.Email, cancellation);
        var finding = await passwords.CheckAsync(known?.Password, current, cancellation);
        if (finding is null or PasswordFinding.Wrong)
        {
            return finding is null ? Busy : ControlError.Invalid("current_password", "This is not your password.");
        }

        _ofUser.GiveBack(account.Email);
        if (await passwords.HashAsync(next, cancellation) is not { } hash)
        {
            return Busy;
        }

        await accounts.ChangePasswordAsync(account, hash, session, cancellation);
        cache.Forget();
        return null;
    }

    /// <summary>
    /// Begins a session with a token that nobody had before, puts it into the browser's cookie, and ends the session that
    /// the browser had.
    /// </summary>
    /// <returns>The token, and the session.</returns>
    public async Task<(string Token, Session Session)> BeginAsync(HttpContext context, Account account, string how)
    {
        var now = time.GetUtcNow();
        var token = SecretToken.Make();
        var before = cookie.Read(context);
        var session = new Session(
            PublicId.Make(Session.IdKind, ids.Next()), account.Id, ClientName(context), now, now);
        await sessions.AddAsync(
            session, SecretToken.HashOf(token), before is null ? null : SecretToken.HashOf(before),
            new AuditEntry(account.Actor, "user.signed_in", account.Id)
            {
                Details = new() { ["session"] = session.Id, ["by"] = how, ["client"] = site.ClientOf(context) },
            },
            context.RequestAborted);
        cache.Forget();
        cookie.Set(context, token);
        return (token, session);
    }

    /// <summary>Counts an attempt of a client at anything that is public and costs us work; null: it may go on.</summary>
    public ControlProblem? TakeOf(HttpContext context) => Take(_ofClient, site.ClientOf(context));

    ControlProblem? Take(AttemptLimiter limiter, string name)
    {
        var wait = limiter.Take(name, clock.NowMs);
        return wait == TimeSpan.Zero ? null : ControlError.TooMany("Too many attempts. Wait, and try again.", wait);
    }

    static string ClientName(HttpContext context)
    {
        var agent = context.Request.Headers.UserAgent.ToString();
        return new string([.. agent.Where(character => !char.IsControl(character)).Take(MaxClientChars)]);
    }
}
