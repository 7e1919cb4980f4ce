namespace Sahab.Server.Hosting.Access;

/// <summary>What became of the question whether a caller may use an endpoint.</summary>
internal enum Verdict
{
    /// <summary>They may.</summary>
    Allowed,

    /// <summary>Nobody said who they are, or what they showed is not good.</summary>
    NotSignedIn,

    /// <summary>The endpoint does not say what it needs, so that nobody may use it.</summary>
    NobodyMay,

    /// <summary>The caller has nothing to do with the organisation, which does not exist for them.</summary>
    NoOrganisation,

    /// <summary>None of the caller's roles has the permission.</summary>
    Lacking,

    /// <summary>The organisation is suspended, and this would change it.</summary>
    Suspended,
}

/// <summary>The verdict on a request, and what it was about.</summary>
/// <param name="Permission">What the endpoint needs; null: it does not say.</param>
/// <param name="Organisation">The organisation that the path names; null: none.</param>
/// <param name="Refusal">Why the credential that came is not good; null: there was none, or it is.</param>
internal readonly record struct Judgement(
    Verdict Verdict, Permission? Permission = null, string? Organisation = null, ControlProblem? Refusal = null);

/// <summary>
/// Finds who calls and judges whether they may: for endpoints of the control API and for pages alike, which only word a
/// refusal each in their own way.
/// </summary>
internal sealed class AccessJudge(IEnumerable<ICallerSource> sources)
{
    readonly ICallerSource[] _sources = [.. sources];

    /// <summary>Judges the request, and notes its caller with it (<see cref="Caller.Find"/>).</summary>
    /// <param name="others">Asked last, where no other source has found anybody; null: nothing else.</param>
    public async ValueTask<Judgement> JudgeAsync(HttpContext context, ICallerSource? others = null)
    {
        var needed = context.GetEndpoint()?.Metadata.GetMetadata<Needed>()?.For(context.Request.Method);
        var (caller, refusal) = await FindAsync(context, others);
        context.Features.Set(caller);
        if (needed == Permission.Public)
        {
            return new Judgement(Verdict.Allowed, needed);
        }

        if (caller is null)
        {
            return new Judgement(Verdict.NotSignedIn, needed, Refusal: refusal);
        }

        if (needed is not { } permission)
        {
            return new Judgement(Verdict.NobodyMay);
        }

        var organisation = context.GetRouteValue(AccessEndpoints.Organisation) as string;
        return new Judgement(VerdictOn(caller, context.Request.Method, organisation, permission), permission, organisation);
    }

    static Verdict VerdictOn(Caller caller, string method, string? organisation, Permission permission)
    {
        if (organisation is null)
        {
            return caller.MayAnywhere(permission) ? Verdict.Allowed : Verdict.Lacking;
        }

        return !caller.MayIn(organisation, permission)
            ? caller.Knows(organisation) ? Verdict.Lacking : Verdict.NoOrganisation
            : !IsRead(method) && caller.MayOnlySee(organisation, permission) ? Verdict.Suspended
            : Verdict.Allowed;
    }

    static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    async ValueTask<CallerFinding> FindAsync(HttpContext context, ICallerSource? others)
    {
        var first = default(CallerFinding);
        foreach (var source in _sources)
        {
            if (await source.FindAsync(context) is { } found)
            {
                first = found;
                break;
            }
        }

        return first.Caller is null && others is not null && await others.FindAsync(context) is { } other ? other : first;
    }
}
