using System.Net;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Metering;
using Sahab.Server.Tests.Tenants;
using Spectre.Console;

namespace Sahab.Server.Tests.Govern;

/// <summary>The log of changes over HTTP, and its export and verification from the command line.</summary>
public sealed class AuditApiTests : IAsyncLifetime
{
    GovernHouse _house = null!;

    public async Task InitializeAsync()
    {
        _house = await GovernHouse.StartAsync();
        foreach (var organisation in (string[])["demo", "other", "demo", "other", "demo"])
        {
            await _house.DoAsync("PUT", $"/api/organisations/{organisation}/data-rules", """{"keep_for":"24h"}""");
        }
    }

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task It_is_read_part_by_part_and_an_organisations_part_holds_nothing_of_others()
    {
        var numbers = new List<long>();
        string? next = null;
        do
        {
            var page = await _house.DoAsync("GET", $"/api/organisations/demo/audit?limit=2{(next is null ? "" : "&after=" + next)}");
            page["data"]!.AsArray().ShouldAllBe(entry => (string)entry!["organisation"]! == "demo");
            numbers.AddRange(page["data"]!.AsArray().Select(entry => (long)entry!["number"]!));
            next = (string?)page["next"];
        }
        while (next is not null);

        // The first three entries are of the tenants of the file, which became organisations when the server started.
        numbers.ShouldBe([8, 6, 4, 1]);
        // The filter of the query does not lead out of the organisation that the path names.
        (await _house.DoAsync("GET", "/api/organisations/demo/audit?organisation=other"))["data"]!.AsArray().Count.ShouldBe(4);
        (await _house.DoAsync("GET", "/api/audit?organisation=other"))["data"]!.AsArray().Count.ShouldBe(3);
        (await _house.DoAsync("GET", "/api/audit?action=data_rules."))["data"]!.AsArray().Count.ShouldBe(5);
        foreach (var query in (string[])["limit=0", "limit=1001", "after=x", "since=yesterday"])
        {
            (await _house.AskAsync("GET", $"/api/audit?{query}")).Status.ShouldBe(HttpStatusCode.BadRequest, query);
        }

        (await _house.AskAsync("GET", "/api/audit", key: TestHouse.DemoKey)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_chain_is_followed_for_one_at_a_time_and_others_are_told_to_wait()
    {
        using var admin = Visitor.Admin(_house.House);
        using (_house.House.Get<AuditTurn>().Take())
        {
            (await admin.GetAsync("/api/audit/verify")).ShouldBe(429, "too_many_requests");
            (await admin.GetAsync("/operator/audit?verify=yes")).ShouldBeOk().Text.ShouldContain("Wait, and ask again.");
        }

        (await admin.GetAsync("/operator/audit?verify=yes")).ShouldBeOk().Text.ShouldContain("The chain is sound");
        (await admin.GetAsync("/api/audit/verify")).ShouldBeOk();
    }

    [Fact]
    public async Task An_export_is_verified_without_the_server_and_against_an_earlier_end()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("audit.ndjson");
        var verified = await _house.DoAsync("GET", "/api/audit/verify");
        verified["sound"]!.GetValue<bool>().ShouldBeTrue();
        var head = (string)verified["head"]!;

        (await RunAsync("export", "--out", file, "--url", _house.House.Address.ToString())).Code.ShouldBe(0);

        var (code, output) = await RunAsync("verify", file, "--head", head);
        code.ShouldBe(0, output);
        output.ShouldContain("8 entries, none removed, altered or moved. Head: " + head);
        var lines = await File.ReadAllLinesAsync(file);
        lines.Length.ShouldBe(9);
        await File.WriteAllLinesAsync(file, lines.Where(line => !line.StartsWith("{\"number\":2,", StringComparison.Ordinal)));
        (code, output) = await RunAsync("verify", file);
        code.ShouldBe(1);
        output.ShouldContain("Entry 2 is missing");
        await File.WriteAllLinesAsync(file, lines[..3]);
        (await RunAsync("verify", file)).Code.ShouldBe(0);
        (code, output) = await RunAsync("verify", file, "--head", head);
        code.ShouldBe(1);
        output.ShouldContain("cut off");
        (await _house.DoAsync("GET", $"/api/audit/verify?head={head[..^1]}!"))["sound"]!.GetValue<bool>().ShouldBeFalse();
        (await RunAsync("verify", folder.File("none"))).Output.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task Every_endpoint_of_this_plane_is_described()
    {
        var paths = (await _house.DoAsync("GET", "/openapi/v1.json"))["paths"]!.AsObject();

        foreach (var path in (string[])
        [
            "/api/audit", "/api/audit/export", "/api/audit/verify", "/api/organisations/{organisation}/audit",
            "/api/organisations/{organisation}/data-rules", "/api/organisations/{organisation}/projects/{project}/data-rules",
            "/api/residency", "/api/organisations/{organisation}/residency", "/api/subprocessors", "/api/subprocessors/{id}",
            "/api/organisations/{organisation}/objections", "/api/organisations/{organisation}/objections/{subprocessor}",
            "/api/organisations/{organisation}/projects/{project}/use", "/api/reviews", "/api/reviews/{id}/approve",
        ])
        {
            paths.ContainsKey(path).ShouldBeTrue(path);
            paths[path]!.AsObject().ShouldAllBe(operation => operation.Value!["summary"] != null);
        }
    }

    static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        var command = AuditCommand.Create(console, name => name == "SAHAB_ADMIN_KEY" ? TestHouse.AdminKey : null);
        var code = await command.Parse(arguments).InvokeAsync();
        return (code, writer.ToString());
    }
}
