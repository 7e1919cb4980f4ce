using System.Net;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Access;

/// <summary>What <c>/openapi/v1.json</c> says of the control API.</summary>
public sealed class ApiDescriptionTests : IAsyncLifetime
{
    /// <summary>What changes something by its path alone.</summary>
    static readonly string[] Bodiless =
    [
        "POST /api/sign-out", "POST /api/organisations/{organisation}/leave",
        "POST /api/organisations/{organisation}/projects/{project}/archive",
        "POST /api/organisations/{organisation}/projects/{project}/keys/{key}/revoke",
        "POST /api/organisations/{organisation}/invoices/{number}/pay",
        "POST /api/organisations/{organisation}/webhooks/{webhook}/deliveries/{delivery}/replay",
        "POST /api/organisations/{organisation}/webhooks/{webhook}/secret",
        "POST /api/organisations/{organisation}/webhooks/{webhook}/test",
        "POST /api/purchases/{id}/deliver", "POST /api/purchases/{id}/offer", "POST /api/purchases/{id}/sign",
        "POST /api/purchases/{id}/withdraw", "POST /api/reviews/{id}/approve",
    ];

    TestHouse _house = null!;
    string _text = "";

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync();
        using var client = new HttpClient { BaseAddress = _house.Address };
        _text = await client.GetStringAsync("/openapi/v1.json");
    }

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public void The_document_is_read_by_the_official_reader_and_each_reference_in_it_leads_somewhere()
    {
        var (document, diagnostic) = OpenApiDocument.Parse(_text, "json");

        diagnostic!.Errors.ShouldBeEmpty();
        document!.Paths.Count.ShouldBeGreaterThan(80);
        var schemas = JsonNode.Parse(_text)!["components"]!["schemas"]!.AsObject();
        foreach (var reference in ReferencesIn(JsonNode.Parse(_text)!))
        {
            reference.ShouldStartWith("#/components/schemas/");
            schemas.ShouldContainKey(reference["#/components/schemas/".Length..]);
        }
    }

    [Fact]
    public void Each_endpoint_is_described_with_who_may_and_what_is_wrong_where_it_fails()
    {
        var operations = Operations().ToList();
        operations.Select(each => each.Name).Order(StringComparer.Ordinal).ShouldBe(
            ControlEndpoints.Of(_house).Select(endpoint => PlainOf(endpoint.ToString())).Distinct().Order(StringComparer.Ordinal));
        var needs = ControlEndpoints.Of(_house).ToLookup(endpoint => PlainOf(endpoint.ToString()), endpoint => endpoint.Needs);
        foreach (var (name, operation) in operations)
        {
            operation["summary"]?.ToString().ShouldNotBeNullOrWhiteSpace(name);
            (operation["security"] is not null).ShouldBe(needs[name].First() != Permission.Public, name);
            operation["responses"]!["4XX"]!["content"]![ControlProblem.ContentType]!["schema"]!["$ref"]!.ToString()
                .ShouldBe("#/components/schemas/Problem", name);
        }
    }

    [Fact]
    public void Each_change_names_the_schema_of_its_body_and_takes_an_idempotency_key()
    {
        foreach (var (name, operation) in Operations())
        {
            var isChange = !name.StartsWith("GET ", StringComparison.Ordinal);
            var mayHave = isChange && !name.StartsWith("DELETE ", StringComparison.Ordinal);
            (operation["requestBody"] is not null).ShouldBe(mayHave && !Bodiless.Contains(name), name);
            ParametersOf(operation).Contains(IdempotencyFilter.Header)
                .ShouldBe(isChange && operation["security"] is not null, name);
            if (operation["requestBody"]?["content"]?["application/json"]?["schema"] is { } schema
                && !name.Contains("stripe", StringComparison.Ordinal) && !name.EndsWith("/explain", StringComparison.Ordinal)
                && !name.EndsWith("/completions", StringComparison.Ordinal))
            {
                schema["$ref"].ShouldNotBeNull(name);
            }
        }

        var schemas = JsonNode.Parse(_text)!["components"]!["schemas"]!;
        schemas["WebhooksWebhookRequest"]!["properties"]!.AsObject().Select(member => member.Key)
            .ShouldBe(["url", "name", "types", "enabled"]);
        schemas["MemberInvitationBody"]!["required"]!.AsArray().Select(member => member!.ToString())
            .ShouldBe(["email", "role"]);
    }

    [Fact]
    public async Task Where_the_front_door_refuses_it_is_described_as_it_does()
    {
        using var client = _house.Client(TestHouse.AdminKey);
        using var refused = await client.PostAsync(
            "/api/explain", new StringContent("{", System.Text.Encoding.UTF8, "application/json"));
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!.AsObject();
        var described = Operations().Where(each => each.Operation["responses"]!["4XX"]!["content"]!.AsObject().Count > 1).ToList();

        described.Select(each => each.Name).ShouldBe(
            ["POST /api/explain", "POST /api/organisations/{organisation}/keys/{key}/chat/completions"], ignoreOrder: true);
        var schema = JsonNode.Parse(_text)!["components"]!["schemas"]!["FrontDoorError"]!["properties"]!["error"]!;
        error.Select(member => member.Key).Except(schema["properties"]!.AsObject().Select(member => member.Key)).ShouldBeEmpty();
        schema["required"]!.AsArray().Select(name => name!.ToString()).Except(error.Select(member => member.Key)).ShouldBeEmpty();
    }

    [Fact]
    public void Each_endpoint_says_what_it_answers()
    {
        foreach (var (name, operation) in Operations())
        {
            var answers = operation["responses"]!.AsObject().Where(answer => answer.Key[0] is '2' or '3').ToList();
            answers.ShouldNotBeEmpty(name);
            foreach (var (status, answer) in answers.Where(answer => answer.Key == "200"))
            {
                answer!["content"]?.AsObject().Count.ShouldBeGreaterThan(0, $"{name} {status}");
                answer["content"].ShouldNotBeNull($"{name} {status}");
                if (answer["content"]!["application/json"] is { } json)
                {
                    json["schema"].ShouldNotBeNull(name);
                }
            }
        }
    }

    [Fact]
    public async Task Each_list_in_parts_takes_a_limit_and_a_cursor()
    {
        using var client = _house.Client(TestHouse.AdminKey);
        var lists = 0;
        foreach (var (name, operation) in Operations().Where(each => each.Name.StartsWith("GET ", StringComparison.Ordinal)))
        {
            var path = name["GET ".Length..].Replace("{organisation}", "demo", StringComparison.Ordinal);
            if (path.Contains('{', StringComparison.Ordinal))
            {
                continue;
            }

            // What reads a limit refuses one that is none. An admin key has no account, and usage events go on by `before`.
            using var answer = await client.GetAsync(path + "?limit=0");
            var text = await answer.Content.ReadAsStringAsync();
            var isList = path.StartsWith("/api/account/", StringComparison.Ordinal)
                || (answer.StatusCode == HttpStatusCode.BadRequest && path != "/api/usage/events"
                    && JsonNode.Parse(text)!["parameter"]!.ToString() == "limit"
                    && !text.Contains("Unknown parameter", StringComparison.Ordinal));
            ParametersOf(operation).Contains("after").ShouldBe(isList, $"{name}: {text}");
            lists += isList ? 1 : 0;
        }

        lists.ShouldBeGreaterThan(10);
    }

    IEnumerable<(string Name, JsonObject Operation)> Operations() => JsonNode.Parse(_text)!["paths"]!.AsObject()
        .Where(path => path.Key.StartsWith("/api", StringComparison.Ordinal))
        .SelectMany(path => path.Value!.AsObject().Where(each => each.Key != "parameters")
            .Select(each => ($"{each.Key.ToUpperInvariant()} {path.Key}", each.Value!.AsObject())));

    static IEnumerable<string> ParametersOf(JsonObject operation) =>
        operation["parameters"]?.AsArray().Select(parameter => parameter!["name"]!.ToString()) ?? [];

    static string PlainOf(string endpoint) => endpoint.Replace(":guid", "", StringComparison.Ordinal);

    static IEnumerable<string> ReferencesIn(JsonNode? node) => node switch
    {
        JsonObject of => of.SelectMany(member => member.Key == "$ref" ? [member.Value!.ToString()] : ReferencesIn(member.Value)),
        JsonArray of => of.SelectMany(ReferencesIn),
        _ => [],
    };
}
