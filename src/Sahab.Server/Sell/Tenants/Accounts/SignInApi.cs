using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Signing up, in and out by a password, and who is signed in.</summary>
internal static class SignInApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/sign-up", SignUpAsync).Needs(Permission.Public).Reads<SignUp>().Produces<SessionAnswer>()
            .WithSummary("Make a user, accept their invitation if they bring one, and sign in");
        api.MapPost("/sign-in", SignInAsync).Needs(Permission.Public).Reads<SignIn>().Produces<SessionAnswer>()
            .WithSummary("Sign in by a password");
        api.MapPost("/sign-out", SignOutAsync).Needs(Permission.SignedIn).Produces<SignedOutAnswer>()
            .WithSummary("End this session");
        api.MapGet("/session", ShowAsync).Needs(Permission.Public).Produces<SessionAnswer>()
            .WithSummary("Who is signed in, and the value that changes must repeat in X-Sahab-Csrf");
    }

    static async Task<IResult> SignUpAsync(HttpContext context, SignInDesk desk, RequestSite site, Standing standing)
    {
        if (RefusalOf(context, site) is { } refusal)
        {
            return refusal;
        }

        var (body, fault) = await ControlBody.ReadAsync<SignUp>(context);
        if (body is null)
        {
            return fault!;
        }

        if (FaultOf(body.Email, body.Password, body.Name, out var email) is { } wrong)
        {
            return wrong;
        }

        var (account, refused) = await desk.SignUpAsync(context, email, body.Password, body.Name?.Trim(), body.Invitation);
        return account is null ? refused! : await BeginAsync(context, desk, standing, account);
    }

    static async Task<IResult> SignInAsync(
        HttpContext context, SignInDesk desk, RequestSite site, Standing standing, SignInInstruments instruments)
    {
        if (RefusalOf(context, site) is { } refusal)
        {
            return refusal;
        }

        var (body, fault) = await ControlBody.ReadAsync<SignIn>(context);
        if (body is null)
        {
            return fault!;
        }

        // What is no e-mail, or longer than any password, is nobody's: that is told to everybody alike, and costs nothing.
        if (EmailAddress.Normalise(body.Email) is not { } email || body.Password.Length > Passwords.MaxChars)
        {
            return ControlError.Invalid(
                "email",
                $"The e-mail must be {EmailAddress.Description}; a password has at most {Passwords.MaxChars} characters.");
        }

        var (account, refused) = await desk.SignInAsync(context, email, body.Password);
        instruments.Tried(SignInInstruments.Password, refused);
        return account is null ? refused! : await BeginAsync(context, desk, standing, account);
    }

    static async Task<IResult> SignOutAsync(
        HttpContext context, SessionStore sessions, SessionCookie cookie, CallerCache cache)
    {
        var caller = Caller.Of(context);
        if (caller.User is { } user && caller.Session is { } session)
        {
            await sessions.EndAsync(PublicId.Make(Account.IdKind, user), session, caller.Name, context.RequestAborted);
            cache.Forget();
            cookie.Clear(context);
        }

        return Results.Ok(SignedOutAnswer.Instance);
    }

    static async Task<IResult> ShowAsync(HttpContext context, AccountStore accounts, SessionCookie cookie)
    {
        if (Caller.Find(context) is not { } caller)
        {
            return Results.Ok(SignedOutAnswer.Instance);
        }

        var account = caller.User is { } user
            ? await accounts.FindAsync(PublicId.Make(Account.IdKind, user), context.RequestAborted)
            : null;
        return Results.Ok(SessionAnswer.Of(caller, account, account is null ? null : cookie.Read(context)));
    }

    static async Task<IResult> BeginAsync(HttpContext context, SignInDesk desk, Standing standing, Account account)
    {
        var (token, session) = await desk.BeginAsync(context, account, "password");
        var caller = await standing.OfUserAsync(account.Id, session.Id, context.RequestAborted);
        return Results.Ok(SessionAnswer.Of(caller, account, token));
    }

    /// <summary>What is wrong with what somebody wants to be as a user; null: nothing.</summary>
    /// <param name="address">The e-mail in its one form.</param>
    internal static ControlProblem? FaultOf(string email, string password, string? name, out string address)
    {
        address = EmailAddress.Normalise(email) ?? "";
        return address.Length == 0
            ? ControlError.Invalid("email", $"The e-mail must be {EmailAddress.Description}.")
            : FaultOf("password", password, address) ?? FaultOfName(name);
    }

    /// <summary>What a password must be; the same where one is changed.</summary>
    internal static ControlProblem? FaultOf(string parameter, string password, string email) =>
        password.Length is < Passwords.MinChars or > Passwords.MaxChars ? ControlError.Invalid(
            parameter, $"A password has {Passwords.MinChars} to {Passwords.MaxChars} characters.")
        : password.Equals(email, StringComparison.OrdinalIgnoreCase) ? ControlError.Invalid(
            parameter, "The e-mail is no password.")
        : null;

    static ControlProblem? FaultOfName(string? name) =>
        name is not null && (name.Trim().Length > Account.MaxNameChars || name.Any(char.IsControl))
            ? ControlError.Invalid(
                "name", $"A name has at most {Account.MaxNameChars} characters, none of them control characters.")
            : null;

    /// <summary>A form of another site can send text, but not this type without being asked about it.</summary>
    static ControlProblem? RefusalOf(HttpContext context, RequestSite site) => site.RefusalToSignIn(context)
        ?? (context.Request.HasJsonContentType() ? null : new ControlProblem(
            StatusCodes.Status415UnsupportedMediaType, "json_only", "Send 'Content-Type: application/json'."));

    /// <summary>Who wants to become a user.</summary>
    sealed record SignUp(string Email, string Password, string? Name = null, string? Invitation = null)
    {
        public override string ToString() => nameof(SignUp);
    }

    sealed record SignIn(string Email, string Password)
    {
        public override string ToString() => nameof(SignIn);
    }
}

/// <summary>That nobody is signed in: what <see cref="SessionAnswer"/> is then, all of it.</summary>
internal sealed record SignedOutAnswer(bool SignedIn)
{
    public static readonly SignedOutAnswer Instance = new(SignedIn: false);
}

/// <summary>Who is signed in, or which key or token calls. Only the first member is there where nobody does.</summary>
/// <param name="User">Null: a key, or a token.</param>
/// <param name="Csrf">What changes must repeat in X-Sahab-Csrf; null: they need not.</param>
internal sealed record SessionAnswer(
    bool SignedIn, string? Caller = null, UserAnswer? User = null, string? Session = null, string? Csrf = null,
    IReadOnlyList<OperatorRole>? OperatorRoles = null, IReadOnlyList<OwnOrganisationAnswer>? Organisations = null)
{
    /// <param name="token">What is in the cookie of the session; null: there is none.</param>
    public static SessionAnswer Of(Caller caller, Account? account, string? token) => new(
        SignedIn: true, caller.Name, account is null ? null : UserAnswer.Of(account), caller.Session,
        token is null ? null : SessionCookie.CsrfOf(token), caller.OperatorRoles,
        [
            .. caller.Organisations.OrderBy(each => each.Key, StringComparer.Ordinal)
                .Select(each => new OwnOrganisationAnswer(each.Key, each.Value)),
        ]);

    public override string ToString() => nameof(SessionAnswer);
}

/// <summary>An organisation that somebody is a member of.</summary>
internal sealed record OwnOrganisationAnswer(string Id, OrganisationRole Role);
