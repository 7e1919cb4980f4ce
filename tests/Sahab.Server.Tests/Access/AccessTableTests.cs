using System.Globalization;
using System.Text;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Access;

/// <summary>Every endpoint below /api says what it needs, is guarded, and stands in docs/access.md.</summary>
public sealed class AccessTableTests
{
    const string Begin = "<!-- endpoints -->";
    const string End = "<!-- end of endpoints -->";

    [Fact]
    public async Task Every_endpoint_says_what_it_needs_and_the_document_says_who_may_use_it()
    {
        await using var house = await TestHouse.StartAsync();
        var endpoints = ControlEndpoints.Of(house);

        endpoints.Count.ShouldBeGreaterThan(30);
        endpoints.Where(endpoint => endpoint.Needs is null).ShouldBeEmpty("these say nothing by .Needs(...)");
        var table = TableOf(endpoints);
        var file = Path.Combine(AppContext.BaseDirectory, "access.md");
        await File.WriteAllTextAsync(file, table);
        // Not a comparison that prints both: the tables are long.
        (TableIn(await File.ReadAllTextAsync(Repository.PathOf("docs/access.md"))) == table).ShouldBeTrue(
            $"put what is in {file} between '{Begin}' and '{End}' of docs/access.md");
    }

    [Fact]
    public async Task Nobody_gets_anything_but_what_is_public()
    {
        await using var house = await TestHouse.StartAsync();
        using var nobody = new Visitor(house);
        using var stranger = await Visitor.SignUpAsync(house, "stranger@example.com");
        foreach (var endpoint in ControlEndpoints.Of(house).Where(endpoint => endpoint.Needs != Permission.Public))
        {
            var answer = await nobody.SendAsync(new HttpMethod(endpoint.Method), endpoint.PathOf());
            ((int)answer.Status).ShouldBe(401, $"{endpoint}: {answer.Text}");

            if (endpoint.Needs != Permission.SignedIn && !endpoint.IsOfOrganisation)
            {
                answer = await stranger.SendAsync(new HttpMethod(endpoint.Method), endpoint.PathOf());
                ((int)answer.Status).ShouldBe(403, $"{endpoint}: {answer.Text}");
            }
        }
    }

    [Fact]
    public async Task To_members_of_another_organisation_an_organisation_is_as_if_it_did_not_exist()
    {
        await using var house = await TestHouse.StartAsync();
        using var owner = await Visitor.SignUpAsync(house, "owner@example.com");
        var there = await owner.FoundAsync("Not theirs");
        const string missing = "org_00000000000000000000000000";
        using var theirs = await Visitor.SignUpAsync(house, "theirs@example.com");
        var other = await theirs.FoundAsync("Theirs");
        var visitors = new List<Visitor> { theirs };
        foreach (var role in Enum.GetValues<OrganisationRole>().Where(role => role != OrganisationRole.Owner))
        {
            visitors.Add(await theirs.BringAsync(house, other, $"{role}@example.com", role.Name()));
        }

        using var nobody = new Visitor(house);
        var endpoints = ControlEndpoints.Of(house).Where(endpoint => endpoint.IsOfOrganisation).ToList();
        endpoints.Count.ShouldBeGreaterThan(10);
        foreach (var endpoint in endpoints)
        {
            foreach (var visitor in visitors.Append(nobody))
            {
                var seen = await visitor.SendAsync(new HttpMethod(endpoint.Method), endpoint.PathOf(there), []);
                var unseen = await visitor.SendAsync(new HttpMethod(endpoint.Method), endpoint.PathOf(missing), []);

                ((int)seen.Status).ShouldBe(visitor == nobody ? 401 : 404, $"{endpoint}: {seen.Text}");
                seen.Status.ShouldBe(unseen.Status, endpoint.ToString());
                seen.Text.Replace(there, missing, StringComparison.Ordinal).ShouldBe(unseen.Text, endpoint.ToString());
                HeadersOf(seen).ShouldBe(HeadersOf(unseen), endpoint.ToString());
            }
        }

        // Nothing was done to it by all that.
        (await owner.GetAsync($"/api/organisations/{there}")).ShouldBeOk().Json["status"]!.ToString().ShouldBe("active");
        (await owner.GetAsync($"/api/organisations/{there}/members")).Json["data"]!.AsArray().Count.ShouldBe(1);
        visitors.ForEach(visitor => visitor.Dispose());
    }

    static IEnumerable<string> HeadersOf(Answer answer) => answer.Response.Headers
        .Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");

    static string TableIn(string document)
    {
        var begin = document.IndexOf(Begin, StringComparison.Ordinal);
        var end = document.IndexOf(End, StringComparison.Ordinal);
        return begin < 0 || end < begin ? "" : document[(begin + Begin.Length)..end].TrimStart('\n');
    }

    static string TableOf(IEnumerable<ControlEndpoint> endpoints)
    {
        var text = new StringBuilder("| endpoint | needs | who has it |\n|---|---|---|\n");
        foreach (var endpoint in endpoints)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{endpoint}` | {WordsOf($"{endpoint.Needs}")} | {WhoMay(endpoint)} |\n");
        }

        return text.ToString();
    }

    static string WhoMay(ControlEndpoint endpoint) => endpoint.Needs switch
    {
        Permission.Public => "whoever asks",
        Permission.SignedIn => "whoever is signed in, and keys",
        { } permission => string.Join(", ", AccessPolicy.RolesWith(permission)
            .Where(role => endpoint.IsOfOrganisation || role.StartsWith("operator ", StringComparison.Ordinal))),
        null => "nobody",
    };

    static string WordsOf(string name) => string.Concat(name.Select((letter, index) =>
        char.IsUpper(letter) ? (index > 0 ? " " : "") + char.ToLowerInvariant(letter) : letter.ToString()));
}
