using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.UsePolicy;

/// <summary>What a project is declared to be for.</summary>
internal static class UseApi
{
    const int MaxJustificationChars = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        var use = api.MapGroup("/organisations/{organisation}/projects/{project}/use")
            .Needs(Permission.SeeGovernance, Permission.ChangeGovernance);
        use.MapGet("", GetAsync).Produces<UseAnswer>().WithSummary("What a project is declared to be for, and what is missing until its keys work.");
        use.MapPut("", DeclareAsync).Reads<Declaration>().Produces<UseAnswer>().WithSummary(
            "Declare what a project is for. Another class or justification needs a new review, until which its keys do not work; "
            + "after a rejection or revocation every class does.");
        api.MapGet("/organisations/{organisation}/use-classes", (ConfigurationState configuration) => Results.Ok(
                Listing<UseClassAnswer>.Whole(UseTerms.NamesOf(configuration.Current)
                    .Select(name => UseClassAnswer.Of(UseTerms.Of(configuration.Current, name)!)))))
            .Produces<Listing<UseClassAnswer>>()
            .Needs(Permission.SeeGovernance)
            .WithSummary("What projects may be declared to be for, and what then holds.");
    }

    /// <summary>The person behind a caller: the same whatever they signed in with.</summary>
    public static Decider DeciderOf(HttpContext context)
    {
        var caller = Caller.Of(context);
        return new Decider(caller.Person ?? caller.Name, caller.Name);
    }

    static async Task<IResult> GetAsync(
        string organisation, string project, HttpContext context, UseStore store, ConfigurationState configuration,
        TimeProvider time)
    {
        var use = await store.FindAsync(organisation, project, context.RequestAborted);
        return Results.Ok(use is null
            ? UseAnswer.Undeclared(organisation, project)
            : UseAnswer.Of(use, configuration.Current, time.GetUtcNow()));
    }

    static async Task<IResult> DeclareAsync(
        string organisation, string project, HttpContext context, UseStore store, DataRulesShelf shelf, DataRulesDesk desk,
        IHolders holders, ConfigurationState configuration, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<Declaration>(context);
        if (body is null)
        {
            return fault!;
        }

        if (!TextForms.Fits(TextForm.Id, organisation) || !TextForms.Fits(TextForm.Id, project))
        {
            return ControlError.Invalid("project", $"Organisations and projects have ids: {TextForms.Describe(TextForm.Id)}.");
        }

        var config = configuration.Current;
        if (body.Class is null || UseTerms.Of(config, body.Class) is not { } terms)
        {
            return ControlError.Invalid("class", $"'class' must be one of {string.Join(", ", UseTerms.NamesOf(config))}.");
        }

        var justification = body.Justification?.Trim() ?? "";
        var isReviewed = terms.Review
            || await store.FindAsync(organisation, project, context.RequestAborted) is { NextMustReview: true };
        if (justification.Length > MaxJustificationChars || (isReviewed && justification.Length == 0))
        {
            return ControlError.Invalid(
                "justification", $"Say why, in 1 to {MaxJustificationChars} characters: who reviews it decides by that.");
        }

        if ((await holders.FindFaultAsync(organisation, project, context.RequestAborted)
            ?? desk.JudgeUse(organisation, project, terms)) is { } refusal)
        {
            return refusal;
        }

        if (shelf.Tables.Uses.Count >= UseStore.MaxUses)
        {
            return ControlError.Conflict($"{UseStore.MaxUses} projects have declared what they are for, and no more may.");
        }

        var use = await store.DeclareAsync(
            organisation, project, terms, justification, DeciderOf(context), context.RequestAborted);
        await shelf.TryRefreshAsync();
        return Results.Ok(UseAnswer.Of(use, config, time.GetUtcNow()));
    }

    sealed record Declaration(string Class, string? Justification = null);

    sealed record UseClassAnswer(
        string Class, bool Review, string ApprovalFor, IReadOnlyList<string>? ProcessIn, IReadOnlyList<string>? StoreIn,
        string? KeepFor, IReadOnlyCollection<string>? Providers, IReadOnlyCollection<string>? Models)
    {
        public static UseClassAnswer Of(UseTerms terms) => new(
            terms.Class, terms.Review, Scalars.Format(terms.ApprovalFor), terms.Data?.ProcessIn, terms.Data?.StoreIn,
            terms.Data?.KeepFor is { } keep ? Scalars.Format(keep) : null, terms.Limits?.Providers, terms.Limits?.Models);
    }
}

/// <summary>A declared use as the control API tells it.</summary>
/// <param name="Missing">Why the project's keys do not work; null: they do.</param>
/// <param name="Approvals">People who have approved; two are needed.</param>
/// <param name="EndsSoon">Whether the approval ends within 30 days.</param>
internal sealed record UseAnswer(
    string? Id, string Organisation, string Project, string Class, string Justification, string State, string? RequestedBy,
    DateTimeOffset? RequestedAt, DateTimeOffset? DecidedAt, DateTimeOffset? ExpiresAt, string? Missing, long Approvals,
    bool EndsSoon)
{
    static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    /// <summary>Of a project about which nobody has said anything.</summary>
    public static UseAnswer Undeclared(string organisation, string project) => new(
        null, organisation, project, UseTerms.General, "", UseState.Approved, null, null, null, null, null, 0, false);

    public static UseAnswer Of(ProjectUse use, SahabConfig config, DateTimeOffset now) => new(
        use.Id.ToString(), use.Organisation, use.Project, use.Class, use.Justification, use.StateAt(now), use.RequestedBy,
        use.RequestedAt, use.DecidedAt, use.ExpiresAt,
        UseTerms.Of(config, use.Class) is { } terms ? use.WhyNot(terms, now) : $"There is no use class '{use.Class}' any more.",
        use.Approvals, use.ExpiresAt - Soon <= now);
}
