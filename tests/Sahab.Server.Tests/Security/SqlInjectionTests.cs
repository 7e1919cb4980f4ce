using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>Text is text: wherever the control API takes some, what would be SQL gets what a word gets that nothing is called.</summary>
[Collection(PostgresTests.Name)]
public sealed partial class SqlInjectionTests(PostgresServer postgres)
{
    const string Harmless = "zzz";

    static readonly string[] Hostile =
    [
        "' OR '1'='1", "'; DROP TABLE organisation; --", "\" OR \"\"=\"", "1) OR 1=1 --", "zz' UNION SELECT secret FROM webhook --",
        "\\'; SELECT pg_sleep(60); --", "%' OR name LIKE '%", "%", "_", "@Id", ":id", "$1", "{0}", "x'||(SELECT 1)||'",
        "'/**/OR/**/1=1#", "\u02bc OR 1=1",
    ];

    /// <summary>What one of the engines may not be able to keep or to compare.</summary>
    static readonly string[] Odd = ["a\0b", "\uFFFF\uFFFE", "\U0001F4A9", "\u202Eabc", new('x', 3000)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_paths_and_queries(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var admin = Visitor.Admin(house);
        var walked = 0;
        foreach (var (endpoint, names) in EndpointsOf(house))
        {
            foreach (var place in PlacesOf(endpoint, names))
            {
                var harmless = await SendAsync(admin, endpoint, place, Harmless);
                foreach (var text in Hostile)
                {
                    var seen = await SendAsync(admin, endpoint, place, text);
                    ((int)seen.Status).ShouldBe((int)harmless.Status, $"{endpoint} with {place}={text}: {seen.Text}");
                    if (place != "after")
                    {
                        // A list goes on after any text, as it sorts.
                        RowsOf(seen).ShouldBe(RowsOf(harmless), $"{endpoint} with {place}={text}");
                    }

                    walked++;
                }

                foreach (var text in Odd)
                {
                    var seen = await SendAsync(admin, endpoint, place, text);
                    ((int)seen.Status).ShouldBeLessThan(500, $"{endpoint} with {place}={Uri.EscapeDataString(text)}: {seen.Text}");
                }
            }
        }

        walked.ShouldBeGreaterThan(500);
        await AssertUnharmedAsync(admin);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_bodies(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var admin = Visitor.Admin(house);
        foreach (var (method, path, body) in Bodies())
        {
            var harmless = await SendAsync(admin, method, path, body(Harmless));
            foreach (var text in Hostile)
            {
                var seen = await SendAsync(admin, method, path, body(text));
                // A name that may not be called so at all is refused, which is as good.
                ((int)seen.Status).ShouldBeOneOf(
                    [(int)harmless.Status, 400, 409], $"{method} {path} {body(text)}: {seen.Text}");
            }

            foreach (var text in Odd)
            {
                var seen = await SendAsync(admin, method, path, body(text));
                ((int)seen.Status).ShouldBeLessThan(500, $"{method} {path} {body(text)}: {seen.Text}");
            }

            // Half a character, which JSON can say and no text can be.
            var half = body("HALF").ToJsonString().Replace("HALF", "\\ud800", StringComparison.Ordinal);
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(half, null, "application/json") };
            using var answer = await admin.Http.SendAsync(request);
            ((int)answer.StatusCode).ShouldBeLessThan(500, $"{method} {path} {half}: {await answer.Content.ReadAsStringAsync()}");
        }

        await AssertUnharmedAsync(admin);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_called_so_is_called_so_afterwards(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var owner = await Visitor.SignUpAsync(house, "o'brien+1=1--@example.com");
        var organisation = await owner.FoundAsync("'; DROP TABLE organisation; --");
        foreach (var text in Hostile)
        {
            (await owner.PostAsync($"/api/organisations/{organisation}/projects", new() { ["name"] = text })).ShouldBeOk();
        }

        (await owner.GetAsync($"/api/organisations/{organisation}/projects")).ShouldBeOk().Json["data"]!.AsArray()
            .Select(project => project!["name"]!.ToString()).ShouldBe([.. Hostile, "default"], ignoreOrder: true);
        (await owner.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem()!["name"]!
            .ToString().ShouldBe("'; DROP TABLE organisation; --");
        using var wrong = new Visitor(house);
        (await wrong.SignInAsync("o'brien+1=1--@example.com", "' OR '1'='1' --")).ShouldBe(401, "sign_in_failed");
        (await wrong.SignInAsync("' OR 1=1 --@example.com", "not the password")).Status.ShouldNotBe(System.Net.HttpStatusCode.OK);
    }

    static IEnumerable<(string Method, string Path, Func<string, JsonObject> Body)> Bodies()
    {
        const string Demo = "/api/organisations/demo";
        yield return ("POST", "/api/organisations", text => new() { ["name"] = "x", ["country"] = text });
        yield return ("PATCH", "/api/organisations/none", text => new() { ["name"] = text });
        yield return ("POST", Demo + "/suspend", text => new() { ["nothing"] = text });
        yield return ("POST", Demo + "/projects", text => new() { ["name"] = text });
        yield return ("PATCH", Demo + "/projects/none", text => new() { ["name"] = text });
        yield return ("POST", Demo + "/projects/default/keys", text => new() { ["name"] = text });
        yield return ("POST", Demo + "/projects/default/keys", text => new() { ["name"] = "x", ["models"] = new JsonArray(text) });
        yield return ("POST", Demo + "/projects/default/keys", text => new() { ["name"] = "x", ["countries"] = new JsonArray(text) });
        yield return ("POST", Demo + "/projects/default/keys", text => new() { ["name"] = "x", ["tiers"] = new JsonArray(text) });
        yield return ("POST", Demo + "/budgets", text => Budget("name", text));
        yield return ("POST", Demo + "/budgets", text => Budget("project", text));
        yield return ("POST", Demo + "/budgets", text => Budget("key", text));
        yield return ("POST", Demo + "/budgets", text => Budget("measure", text));
        yield return ("POST", Demo + "/budgets", text => Budget("period", text));
        yield return ("POST", Demo + "/budgets", text => Budget("limit_usd", text));
        yield return ("POST", Demo + "/webhooks", text => new() { ["url"] = text });
        yield return ("POST", Demo + "/webhooks", text => new() { ["url"] = "https://example.com/", ["types"] = new JsonArray(text) });
        yield return ("PATCH", Demo + "/webhooks/none", text => new() { ["name"] = text });
        yield return ("POST", Demo + "/invitations", text => new() { ["email"] = text, ["role"] = "auditor" });
        yield return ("POST", Demo + "/invitations", text => new() { ["email"] = "a@example.com", ["role"] = text });
        yield return ("PATCH", Demo + "/members/none", text => new() { ["role"] = text });
        yield return ("PUT", Demo + "/billing", text => new() { ["legal_name"] = text });
        yield return ("POST", Demo + "/credits", text => new() { ["amount_usd"] = "1", ["reason"] = text });
        yield return ("PUT", Demo + "/data-rules", text => new() { ["process_in"] = new JsonArray(text) });
        yield return ("PUT", Demo + "/projects/default/use", text => new() { ["class"] = text });
        yield return ("PUT", Demo + "/projects/default/use", text => new() { ["class"] = "general", ["justification"] = text });
        yield return ("PUT", Demo + "/objections/none", text => new() { ["says"] = "objection", ["reason"] = text });
        yield return ("POST", "/api/invitations/accept", text => new() { ["token"] = text });
        yield return ("POST", "/api/sign-in", text => new() { ["email"] = text, ["password"] = Visitor.Password });
        yield return ("POST", "/api/sign-up", text => new() { ["email"] = text, ["password"] = Visitor.Password });
        yield return ("POST", "/api/operators", text => new() { ["email"] = text, ["roles"] = new JsonArray("admin") });
        yield return ("POST", "/api/operators", text => new() { ["email"] = "a@example.com", ["roles"] = new JsonArray(text) });
        yield return ("POST", "/api/subprocessors", text => Subprocessor("id", text));
        yield return ("POST", "/api/subprocessors", text => Subprocessor("provider", text));
        yield return ("PATCH", "/api/subprocessors/none", text => new() { ["name"] = text });
        yield return ("POST", "/api/invoices/issue", text => new() { ["month"] = text });
        yield return ("POST", "/api/invoices/issue", text => new() { ["month"] = "2020-01", ["organisation"] = text });
        yield return ("POST", "/api/claims", text => new() { ["provider"] = text });
        yield return ("POST", "/api/purchases", text => new() { ["provider"] = text });
        yield return ("POST", "/api/explain", text => new() { ["model"] = text, ["messages"] = new JsonArray() });

        static JsonObject Budget(string name, string text) => new(new JsonObject
        {
            ["name"] = "x",
            ["measure"] = "requests",
            ["period"] = "total",
            ["limit"] = 1,
        }.Where(member => member.Key != name).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
            .Append(KeyValuePair.Create<string, JsonNode?>(name, text)));

        static JsonObject Subprocessor(string name, string text) => new(new JsonObject
        {
            ["id"] = "none",
            ["name"] = "x",
            ["purpose"] = "x",
            ["countries"] = new JsonArray("NO"),
        }.Where(member => member.Key != name).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
            .Append(KeyValuePair.Create<string, JsonNode?>(name, text)));
    }

    async Task<TestHouse> StartAsync(bool onPostgres) =>
        await TestHouse.StartAsync(postgres: onPostgres ? await postgres.CreateDatabaseAsync() : null);

    static async Task AssertUnharmedAsync(Visitor admin)
    {
        (await admin.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray().ShouldNotBeEmpty();
        (await admin.GetAsync("/api/audit/verify")).ShouldBeOk().Text.ShouldContain("true");
    }

    /// <summary>With the names of the queries that each reads, or lets the framework read.</summary>
    static IEnumerable<(ControlEndpoint Endpoint, string[] Names)> EndpointsOf(TestHouse house)
    {
        var handlers = house.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .ToLookup(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/'), endpoint => endpoint.Metadata.GetMetadata<MethodInfo>());
        foreach (var endpoint in ControlEndpoints.Of(house).Where(endpoint => endpoint.Method is "GET"))
        {
            var names = handlers[endpoint.Pattern].OfType<MethodInfo>().SelectMany(handler =>
                handler.GetParameters().Where(parameter => parameter.ParameterType.IsValueType || parameter.ParameterType == typeof(string))
                    .Select(parameter => parameter.Name!)
                    .Concat(ReadBy(handler.DeclaringType!)));
            yield return (endpoint, [.. names.Except(Values().Matches(endpoint.Pattern).Select(match => match.Groups[1].Value))
                .Except(["limit", "cancellation"]).Distinct()]);
        }
    }

    static IEnumerable<string> ReadBy(Type type)
    {
        var outermost = type;
        while (outermost.DeclaringType is { } outer)
        {
            outermost = outer;
        }

        var file = Directory.EnumerateFiles(Repository.PathOf("src/Sahab.Server"), $"{outermost.Name}.cs", SearchOption.AllDirectories)
            .FirstOrDefault();
        if (file is null)
        {
            return [];
        }

        var text = File.ReadAllText(file);
        return Reads().Matches(text).Select(match => match.Groups[1].Value)
            .Concat(text.Contains("ListPage", StringComparison.Ordinal) ? ["after"] : []);
    }

    static IEnumerable<string> PlacesOf(ControlEndpoint endpoint, string[] names) =>
        Values().Matches(endpoint.Pattern).Select(match => "{" + match.Groups[1].Value + "}").Concat(names);

    static Task<Answer> SendAsync(Visitor visitor, ControlEndpoint endpoint, string place, string text)
    {
        var escaped = Uri.EscapeDataString(text);
        var path = Values().Replace(
            endpoint.Pattern,
            match => "{" + match.Groups[1].Value + "}" == place ? escaped
                : match.Groups[1].Value == "organisation" ? "demo" : "none");
        return visitor.SendAsync(new HttpMethod(endpoint.Method), place[0] == '{' ? path : $"{path}?{place}={escaped}");
    }

    static Task<Answer> SendAsync(Visitor visitor, string method, string path, JsonObject body) =>
        visitor.SendAsync(new HttpMethod(method), path, body);

    static int? RowsOf(Answer answer) =>
        (int)answer.Status == 200 && answer.Response.Content.Headers.ContentType?.MediaType == "application/json"
        && answer.Text.StartsWith('{') ? (answer.Json["data"] as JsonArray)?.Count : null;

    [GeneratedRegex(@"\{\*{0,2}(\w+)(:\w+)?[^}]*\}")]
    private static partial Regex Values();

    [GeneratedRegex("""Query\["(\w+)"\]""")]
    private static partial Regex Reads();
}
