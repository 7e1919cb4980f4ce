using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Tests.Security;

/// <summary>Every page that the server has, looked at by everybody whom it is not for.</summary>
[Collection(NeighboursCollection.Name)]
public sealed class PageIsolationTests(Neighbours neighbours)
{
    [Fact]
    public void Every_page_says_what_it_needs()
    {
        var pages = PortalPages.Of(neighbours.House);

        pages.Count.ShouldBeGreaterThan(15);
        pages.Count(page => page.IsOfOrganisation).ShouldBeGreaterThan(5);
        pages.Where(page => page.Needs is null).ShouldBeEmpty("these say nothing by .Needs(...)");
    }

    [Fact]
    public async Task To_whom_it_is_nothing_a_page_of_an_organisation_is_as_if_it_never_was()
    {
        foreach (var page in OfOrganisations())
        {
            (await Sight.OfAsync(neighbours.Owner, "GET", page.PathOf(neighbours.There, neighbours.Things), asBrowser: true))
                .Text.ShouldContain("<html", customMessage: $"its owner sees {page}");
            foreach (var (who, visitor) in neighbours.Strangers)
            {
                await AssertNothingIsSeenAsync(page, who, visitor, 404);
            }

            foreach (var (who, visitor) in neighbours.Outsiders)
            {
                await AssertNothingIsSeenAsync(page, who, visitor, 302);
            }

            foreach (var (role, visitor) in neighbours.Operators.Where(each => !AccessPolicy.Allows(each.Role, page.Needs!.Value)))
            {
                await AssertNothingIsSeenAsync(page, $"operator {role}", visitor, 404);
            }
        }
    }

    [Fact]
    public async Task Pages_of_the_operator_are_seen_by_the_roles_that_they_are_for()
    {
        foreach (var page in PortalPages.Of(neighbours.House).Where(page =>
            !page.IsOfOrganisation && page.Needs is not (Permission.Public or Permission.SignedIn)))
        {
            var path = page.PathOf("");
            foreach (var (who, visitor) in neighbours.Strangers)
            {
                await AssertMissingAsync(page, path, who, visitor);
            }

            foreach (var (role, visitor) in neighbours.Operators)
            {
                if (!AccessPolicy.Allows(role, page.Needs!.Value))
                {
                    await AssertMissingAsync(page, path, $"operator {role}", visitor);
                }
                else if (!page.HasValues)
                {
                    (await Sight.OfAsync(visitor, "GET", path, asBrowser: true)).Status.ShouldBe(200, $"{page} as operator {role}");
                }
            }

            foreach (var (who, visitor) in neighbours.Outsiders)
            {
                (await Sight.OfAsync(visitor, "GET", path, asBrowser: true)).Status.ShouldBeOneOf([302, 429], $"{page} as {who}");
                (await Sight.OfAsync(visitor, "GET", path)).Status.ShouldBeOneOf([401, 429], $"{page} as {who}");
            }
        }
    }

    [Fact]
    public async Task A_member_sees_the_pages_that_their_role_is_for()
    {
        foreach (var page in OfOrganisations())
        {
            foreach (var (role, visitor) in neighbours.Strangers.Where(each => Enum.TryParse<OrganisationRole>(each.Who, true, out _))
                .Select(each => (Enum.Parse<OrganisationRole>(each.Who, true), each.Visitor)))
            {
                var seen = await Sight.OfAsync(visitor, "GET", page.PathOf(neighbours.Here), asBrowser: true);
                if (!AccessPolicy.Allows(role, page.Needs!.Value))
                {
                    seen.Status.ShouldBe(404, $"{page} as {role}");
                    seen.Text.ShouldNotContain(">Here<", customMessage: $"{page} as {role}");
                }
                else if (page.Pattern.Split('{').Length == 2)
                {
                    seen.Status.ShouldBe(200, $"{page} as {role}");
                }
            }
        }
    }

    [Fact]
    public void What_lies_beneath_a_page_is_for_nobody_whom_that_page_is_not_for()
    {
        var pages = OfOrganisations().ToArray();
        var pairs = pages.SelectMany(page => pages
            .Where(above => page.Pattern.StartsWith(above.Pattern + "/", StringComparison.Ordinal)).Select(above => (page, above)))
            .ToArray();

        pairs.ShouldNotBeEmpty();
        foreach (var (page, above) in pairs)
        {
            Enum.GetValues<OrganisationRole>().Where(role =>
                AccessPolicy.Allows(role, page.Needs!.Value) && !AccessPolicy.Allows(role, above.Needs!.Value))
                .ShouldBeEmpty($"{page}, which lies beneath {above}");
        }
    }

    IEnumerable<PortalPage> OfOrganisations() => PortalPages.Of(neighbours.House)
        .Where(page => page.IsOfOrganisation && page.Needs != Permission.Public);

    async Task AssertNothingIsSeenAsync(PortalPage page, string who, Tenants.Visitor visitor, int status)
    {
        var seen = await Sight.OfAsync(visitor, "GET", page.PathOf(neighbours.There, neighbours.Things), asBrowser: true);
        var never = await Sight.OfAsync(visitor, "GET", page.PathOf(Neighbours.Never, neighbours.Things), asBrowser: true);

        // Who has shown too many tokens that nobody knows is asked to wait, and learns no more by it.
        (seen.Status == status || (status == 302 && seen.Status == 429)).ShouldBeTrue($"{page} as {who}: {seen}");
        if (seen.Status != 429 && never.Status != 429)
        {
            seen.With(neighbours.There, Neighbours.Never).ShouldBe(never, $"{page} as {who}");
        }

        seen.Text.ShouldNotContain(Neighbours.Mark, customMessage: $"{page} as {who}");
    }

    static async Task AssertMissingAsync(PortalPage page, string path, string who, Tenants.Visitor visitor)
    {
        var seen = await Sight.OfAsync(visitor, "GET", path, asBrowser: true);

        seen.Status.ShouldBe(404, $"{page} as {who}");
        seen.Text.ShouldContain("There is no such page, or it is not for you.", customMessage: $"{page} as {who}");
    }
}
