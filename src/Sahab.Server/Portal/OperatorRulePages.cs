using System.Globalization;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Portal.Pages.Operator;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;
using static Sahab.Server.Portal.OperatorPagesApi;

namespace Sahab.Server.Portal;

/// <summary>The operator's pages about who may do what with which data: reviews, the register, the log of changes.</summary>
internal static class OperatorRulePages
{
    /// <summary>Reviews on one page: of each it is asked who has approved.</summary>
    const int MostReviews = 50;

    const string UserPrefix = "user:";

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapGet("/reviews", ReviewsAsync).Needs(Permission.Review);
        pages.MapGet("/subprocessors", RegisterAsync).Needs(Permission.SeeWholeAudit);
        pages.MapGet("/audit", AuditAsync).Needs(Permission.SeeWholeAudit);
        pages.MapGet("/operators", OperatorsAsync).Needs(Permission.ChangeOperators);
    }

    static async Task<IResult> OperatorsAsync(HttpContext context, PageRenderer renderer, OperatorStore store)
    {
        var found = await store.ListAsync(new(MostRows, Text(context, "after") ?? ""), context.RequestAborted);
        return await ShowAsync(context, renderer, typeof(OperatorsPage), new OperatorsView
        {
            Operators = [.. found.Take(MostRows)],
            Next = found.Count > MostRows ? found[MostRows - 1].User : null,
        });
    }

    static async Task<IResult> ReviewsAsync(
        HttpContext context, PageRenderer renderer, UseStore store, ReviewDesk desk, OrganisationStore organisations,
        AccountStore accounts)
    {
        var state = Text(context, "state") is { } asked && ReviewStates.Contains(asked) ? asked : ReviewStates[0];
        var found = await store.ListAsync(
            state == "all" ? null : state, Guid.TryParse(Text(context, "after"), out var after) ? after : null, MostReviews + 1,
            context.RequestAborted);
        var me = UseApi.DeciderOf(context).Person;
        var (reviews, names) = (new List<ReviewsView.Review>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var use in found.Take(MostReviews))
        {
            var approvers = await store.ApproversAsync(use.Id, context.RequestAborted);
            var organisation = await organisations.FindAsync(use.Organisation, context.RequestAborted);
            reviews.Add(new ReviewsView.Review(
                desk.Tell(use), organisation?.Name ?? use.Organisation,
                await NameAsync(use.RequestedBy, names, accounts, context.RequestAborted),
                [.. await NamesAsync(approvers, names, accounts, context.RequestAborted)],
                use.RequestedBy == me || approvers.Contains(me), use.Reason));
        }

        return await ShowAsync(context, renderer, typeof(ReviewsPage), new ReviewsView
        {
            Reviews = reviews,
            State = state,
            Next = found.Count > MostReviews ? found[MostReviews - 1].Id.ToString() : null,
        });
    }

    static async Task<List<string>> NamesAsync(
        List<string> people, Dictionary<string, string> known, AccountStore accounts, CancellationToken cancellation)
    {
        var names = new List<string>();
        foreach (var person in people)
        {
            names.Add(await NameAsync(person, known, accounts, cancellation));
        }

        return names;
    }

    /// <summary>A person's e-mail; of what is no user, its name as it stands.</summary>
    static async Task<string> NameAsync(
        string person, Dictionary<string, string> known, AccountStore accounts, CancellationToken cancellation)
    {
        if (known.TryGetValue(person, out var name))
        {
            return name;
        }

        var account = person.StartsWith(UserPrefix, StringComparison.Ordinal)
            && Guid.TryParse(person[UserPrefix.Length..], out var user)
                ? await accounts.FindAsync(PublicId.Make(Account.IdKind, user), cancellation)
                : null;
        return known[person] = account?.Email ?? person;
    }

    static Task<IResult> RegisterAsync(
        HttpContext context, PageRenderer renderer, DataRulesShelf shelf, ConfigurationState configuration, TimeProvider time)
    {
        var (tables, config, now) = (shelf.Tables, configuration.Current, time.GetUtcNow());
        var register = new Register(tables.Register, now);
        return ShowAsync(context, renderer, typeof(RegisterPage), new SubprocessorsView
        {
            Register = tables.Register,
            Stances = tables.Stances,
            Providers = [.. config.Providers.Select(provider => provider.Id).Where(id => register.Standing(id) is null)],
            Notice = config.Subprocessors.Notice,
            Now = now,
        });
    }

    static async Task<IResult> AuditAsync(HttpContext context, PageRenderer renderer, AuditStore store, AuditTurn turn)
    {
        var asked = Text(context, "verify") is not null;
        using var held = asked ? turn.Take() : null;
        var question = new AuditQuestion
        {
            Organisation = Text(context, "organisation"),
            Actor = Text(context, "actor"),
            Action = Text(context, "action"),
            Subject = Text(context, "subject"),
            Before = long.TryParse(Text(context, "after"), NumberStyles.None, CultureInfo.InvariantCulture, out var before)
                ? before : null,
        };
        var found = await store.ReadAsync(question, MostRows + 1, context.RequestAborted);
        return await ShowAsync(context, renderer, typeof(AuditPage), new OperatorAuditView
        {
            Question = question,
            Entries = [.. found.Take(MostRows).Select(AuditEntryAnswer.Of)],
            Next = found.Count > MostRows ? found[MostRows - 1].Number : null,
            Head = await store.HeadAsync(context.RequestAborted),
            Verified = held is null ? null : await AuditApi.FollowAsync(store, null, context.RequestAborted),
            MustWait = asked && held is null,
        });
    }
}
