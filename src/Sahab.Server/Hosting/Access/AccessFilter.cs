namespace Sahab.Server.Hosting.Access;

/// <summary>
/// Lets a caller use an endpoint of the control API if <see cref="AccessJudge"/> has it so. An organisation that the
/// caller has nothing to do with does not exist for them.
/// </summary>
internal sealed class AccessFilter(AccessJudge judge) : IEndpointFilter
{
    static readonly ControlProblem Suspended = new(
        StatusCodes.Status403Forbidden, "organisation_suspended",
        "The organisation is suspended: it can be looked at and pay, and nothing else. Ask who runs this service.");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var judgement = await judge.JudgeAsync(context.HttpContext);
        return judgement.Verdict == Verdict.Allowed ? await next(context) : RefusalOf(judgement);
    }

    static ControlProblem RefusalOf(Judgement judgement) => judgement.Verdict switch
    {
        Verdict.NotSignedIn => judgement.Refusal ?? ControlProblem.NotSignedIn,
        Verdict.NobodyMay => Forbidden("Nobody may use this endpoint: it does not say what it needs."),
        Verdict.NoOrganisation => ControlError.NoOrganisation(judgement.Organisation!),
        Verdict.Suspended => Suspended,
        _ => Forbidden(
            $"This needs one of the roles: {string.Join(", ", AccessPolicy.RolesWith(judgement.Permission!.Value))}."),
    };

    static ControlProblem Forbidden(string detail) =>
        new(StatusCodes.Status403Forbidden, "not_allowed", detail);
}
