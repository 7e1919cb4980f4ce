using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Emulator.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Telemetry;

/// <summary>The log of a running server, as it comes out of its process.</summary>
public sealed class LogTests
{
    static readonly string[] Levels = ["Information", "Warning", "Error", "Critical"];

    [Fact]
    public async Task As_JSON_each_line_is_an_object_with_its_level_category_and_message()
    {
        await using var house = await ProcessHouse.StartAsync(
            environment: new Dictionary<string, string> { ["SAHAB_LOG_FORMAT"] = "json" }, quiet: false);
        await FailACallAsync(house);

        (await house.Server.StopAsync()).ShouldBe(0);

        var lines = house.Server.Output.Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        foreach (var line in lines)
        {
            ((string)line["LogLevel"]!).ShouldBeOneOf(Levels);
            ((string)line["Category"]!).ShouldNotBeNullOrWhiteSpace();
            ((string)line["Message"]!).ShouldNotBeNullOrWhiteSpace();
            DateTimeOffset.TryParse(
                (string)line["Timestamp"]!, CultureInfo.InvariantCulture, out _).ShouldBeTrue(line.ToJsonString());
        }

        lines.ShouldContain(line => ((string)line["Message"]!).Contains("Sahab is ready at http://"));
        var failed = lines.First(line => ((string)line["Category"]!).EndsWith(".AttemptRunner", StringComparison.Ordinal));
        ((string)failed["State"]!["Outcome"]!).ShouldBe("Unreachable");
        Guid.Parse((string)failed["State"]!["CallId"]!).ShouldNotBe(Guid.Empty);
        house.Server.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task As_text_each_line_but_the_one_that_it_is_ready_begins_with_its_time_and_level()
    {
        await using var house = await ProcessHouse.StartAsync(quiet: false);
        await FailACallAsync(house);

        (await house.Server.StopAsync()).ShouldBe(0);

        var lines = house.Server.Output.ToList();
        lines.Remove($"Sahab is ready at {house.Server.Address.GetLeftPart(UriPartial.Authority)}").ShouldBeTrue();
        lines.ShouldAllBe(line => System.Text.RegularExpressions.Regex.IsMatch(
            line, @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn|fail|crit): \S"));
        lines.ShouldContain(line => line.Contains("could not be reached"));
    }

    static async Task FailACallAsync(ProcessHouse house)
    {
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Down });
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Down });
        using var client = house.Client();
        using var response = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "small", messages = new[] { new { role = "user", content = "Anybody there?" } } });
        ((int)response.StatusCode).ShouldBe(503);
    }
}
