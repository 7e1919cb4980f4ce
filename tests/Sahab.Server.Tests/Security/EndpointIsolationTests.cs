using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>Every endpoint that the server has, used by everybody whom it is not for.</summary>
[Collection(NeighboursCollection.Name)]
public sealed partial class EndpointIsolationTests(Neighbours neighbours)
{
    [Fact]
    public async Task To_whom_it_is_nothing_an_organisation_is_as_if_it_never_was()
    {
        foreach (var endpoint in OfOrganisations())
        {
            foreach (var (who, visitor) in neighbours.Strangers)
            {
                await AssertNothingIsSeenAsync(endpoint, who, visitor, 404);
            }

            foreach (var (who, visitor) in neighbours.Outsiders)
            {
                await AssertNothingIsSeenAsync(endpoint, who, visitor, who.StartsWith("key that is no", StringComparison.Ordinal) ? 403 : 401);
            }

            foreach (var (role, visitor) in neighbours.Operators
                .Where(each => !AccessPolicy.Allows(each.Role, endpoint.Needs!.Value) && endpoint.Needs != Permission.SignedIn))
            {
                await AssertNothingIsSeenAsync(endpoint, $"operator {role}", visitor, 403);
            }
        }

        await AssertNothingHasHappenedAsync();
    }

    /// <summary>What is another organisation's is not found by its id either, not even by who may do everything in their own.</summary>
    [Fact]
    public async Task What_is_another_organisation_s_is_not_in_one_s_own_by_any_path()
    {
        var walked = 0;
        foreach (var endpoint in OfOrganisations().Where(endpoint => ValuesOf(endpoint).Any(neighbours.Things.ContainsKey)))
        {
            foreach (var foreign in ValuesOf(endpoint).Where(neighbours.Things.ContainsKey))
            {
                // One value is theirs and the others name nothing; and with what of our own there is for the others.
                var (thing, nothing) = (neighbours.Things[foreign], Never(neighbours.Things[foreign]));
                var seen = await Sight.OfAsync(neighbours.HereOwner, endpoint.Method, PathOf(endpoint, foreign, thing), []);
                var never = await Sight.OfAsync(neighbours.HereOwner, endpoint.Method, PathOf(endpoint, foreign, nothing), []);

                seen.With(thing, nothing).ShouldBe(never, $"{endpoint} with the {foreign} of another");
                seen.Text.ShouldNotContain(Neighbours.Mark, customMessage: endpoint.ToString());
                walked++;
            }
        }

        walked.ShouldBeGreaterThan(20);
        await AssertNothingHasHappenedAsync();
    }

    [Theory]
    [InlineData("budgets", "project")]
    [InlineData("budgets", "key")]
    public async Task A_body_that_names_what_is_another_organisation_s_names_nothing(string list, string member)
    {
        var (thing, nothing) = (neighbours.Things[member], Never(neighbours.Things[member]));
        var path = $"/api/organisations/{neighbours.Here}/{list}";

        var seen = await Sight.OfAsync(neighbours.HereOwner, "POST", path, Body(thing));
        var never = await Sight.OfAsync(neighbours.HereOwner, "POST", path, Body(nothing));

        seen.Status.ShouldBeInRange(400, 404);
        seen.With(thing, nothing).ShouldBe(never);

        JsonObject Body(string id) =>
            new() { ["name"] = "x", ["measure"] = "requests", ["period"] = "total", ["limit"] = 1, [member] = id };
    }

    /// <summary>The APIs that models are called by: files, batches and whatever else is kept for who called.</summary>
    [Fact]
    public async Task What_was_kept_for_a_key_of_another_organisation_is_not_found()
    {
        using var theirs = new Visitor(neighbours.House, neighbours.Secret);
        using var ours = new Visitor(neighbours.House, neighbours.HereSecret);
        using var nobody = new Visitor(neighbours.House);
        var file = await UploadAsync(theirs);
        var kept = await KeepAsync(theirs);
        (await theirs.GetAsync($"/v1/responses/{kept}")).ShouldBeOk();
        var walked = 0;
        foreach (var (method, pattern) in Kept())
        {
            foreach (var thing in new[] { file, kept })
            {
                var nothing = Never(thing);
                var seen = await Sight.OfAsync(ours, method, Value().Replace(pattern, thing), []);
                var never = await Sight.OfAsync(ours, method, Value().Replace(pattern, nothing), []);
                seen.Status.ShouldBe(404, $"{method} {pattern}: {seen.Text}");
                seen.With(thing, nothing).ShouldBe(never, $"{method} {pattern}");
                (await Sight.OfAsync(nobody, method, Value().Replace(pattern, thing), [])).Status
                    .ShouldBe(401, $"{method} {pattern}");
                walked++;
            }
        }

        walked.ShouldBeGreaterThan(10);
        (await ours.GetAsync("/v1/files")).ShouldBeOk().Json["data"]!.AsArray().ShouldBeEmpty();
        (await theirs.GetAsync("/v1/files")).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem();
        (await theirs.GetAsync($"/v1/responses/{kept}")).ShouldBeOk();
    }

    IEnumerable<ControlEndpoint> OfOrganisations() =>
        ControlEndpoints.Of(neighbours.House).Where(endpoint => endpoint.IsOfOrganisation && endpoint.Needs != Permission.Public);

    IEnumerable<(string Method, string Pattern)> Kept() => neighbours.House.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Select(endpoint => (endpoint, pattern: "/" + endpoint.RoutePattern.RawText!.Trim('/')))
        .Where(each => each.pattern.StartsWith("/v1/", StringComparison.Ordinal) && each.pattern.Contains("{id}", StringComparison.Ordinal))
        .SelectMany(each => (each.endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(method => (method, each.pattern)));

    async Task AssertNothingIsSeenAsync(ControlEndpoint endpoint, string who, Visitor visitor, int status)
    {
        var seen = await Sight.OfAsync(visitor, endpoint.Method, FullPathOf(endpoint, neighbours.There), []);
        var never = await Sight.OfAsync(visitor, endpoint.Method, FullPathOf(endpoint, Neighbours.Never), []);

        // Who has shown too many that nobody knows is asked to wait, and learns no more by it.
        (seen.Status == status || (status == 401 && seen.Status == 429)).ShouldBeTrue($"{endpoint} as {who}: {seen}");
        if (seen.Status != 429 && never.Status != 429)
        {
            seen.With(neighbours.There, Neighbours.Never).ShouldBe(never, $"{endpoint} as {who}");
        }

        seen.Text.ShouldNotContain(Neighbours.Mark, customMessage: $"{endpoint} as {who}");
    }

    /// <summary>With the organisation's own things in it: nobody learns that they are there either.</summary>
    string FullPathOf(ControlEndpoint endpoint, string organisation) => Value().Replace(
        endpoint.Pattern.Replace("{organisation}", organisation, StringComparison.Ordinal),
        match => neighbours.Things.GetValueOrDefault(match.Groups[1].Value, "none"));

    string PathOf(ControlEndpoint endpoint, string name, string value) => Value().Replace(
        endpoint.Pattern.Replace("{organisation}", neighbours.Here, StringComparison.Ordinal),
        match => match.Groups[1].Value == name ? value : match.Groups[1].Value == "project" ? neighbours.HereProject : "none");

    static IEnumerable<string> ValuesOf(ControlEndpoint endpoint) =>
        Value().Matches(endpoint.Pattern).Select(match => match.Groups[1].Value).Where(name => name != "organisation");

    /// <summary>An id of the same kind and length that nothing has.</summary>
    static string Never(string id) =>
        id.Contains('_', StringComparison.Ordinal) ? id[..(id.IndexOf('_', StringComparison.Ordinal) + 1)] + new string('0', id.Length - id.IndexOf('_', StringComparison.Ordinal) - 1)
        : new string('0', id.Length);

    async Task AssertNothingHasHappenedAsync()
    {
        var path = $"/api/organisations/{neighbours.There}";
        (await neighbours.Owner.GetAsync(path)).ShouldBeOk().Json["status"]!.ToString().ShouldBe("active");
        foreach (var list in new[] { "budgets", "webhooks", "keys", "invitations" })
        {
            (await neighbours.Owner.GetAsync($"{path}/{list}")).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem(list);
        }

        (await neighbours.Owner.GetAsync($"{path}/projects/{neighbours.Things["project"]}")).ShouldBeOk();
    }

    static async Task<string> UploadAsync(Visitor visitor)
    {
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes($$$"""
            {"custom_id":"{{{Neighbours.Mark}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"small","messages":[]}}

            """));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        form.Add(content, "file", $"{Neighbours.Mark}.jsonl");
        using var response = await visitor.Http.PostAsync("/v1/files", form);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonNode.Parse(text)!["id"]!.ToString();
    }

    static async Task<string> KeepAsync(Visitor visitor) => (await visitor.PostAsync("/v1/responses", new()
    {
        ["model"] = "small",
        ["input"] = Neighbours.Mark,
        ["store"] = true,
        ["max_output_tokens"] = 5,
    })).ShouldBeOk().Json["id"]!.ToString();

    [GeneratedRegex(@"\{\*{0,2}(\w+)(:\w+)?[^}]*\}")]
    private static partial Regex Value();
}
