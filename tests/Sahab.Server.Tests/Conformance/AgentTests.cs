using Sahab.Server.Tests.Clients;
using Sahab.Server.Tests.Faults;

namespace Sahab.Server.Tests.Conformance;

/// <summary>
/// Clients as agents use them: they reach every cloud, and a loop of npm <c>ai</c> finishes its work over each, also when
/// the cloud changes with each step.
/// </summary>
public sealed class AgentTests
{
    [Fact]
    public async Task A_loop_of_six_tool_calls_ends_well_over_every_cloud_and_across_them()
    {
        await using var house = await ConformanceHouse.StartAsync();
        var clouds = ConformanceHouse.Dialects.Select(dialect => dialect.Name).ToArray();

        var (cases, output) = await ClientScript.RunAsync(
            "agent.mjs", ("SAHAB_URL", new Uri(house.Address, "/v1").ToString()),
            ("SAHAB_MODELS", string.Join(',', clouds)));

        cases.Count.ShouldBe((clouds.Length * 2) + 3, output);
        cases.Where(one => !one.Value.Ok).Select(one => $"{one.Key}: {one.Value.Error}").ShouldBeEmpty(output);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Events.Select(usage => usage.Provider).Distinct().ShouldBe(clouds, ignoreOrder: true);
    }

    [Fact]
    public async Task The_clients_of_three_vendors_reach_every_cloud_streamed_and_with_tools()
    {
        await using var house = await ConformanceHouse.StartAsync();
        var clouds = ConformanceHouse.Dialects.Select(dialect => dialect.Name).ToArray();

        var (cases, output) = await ClientScript.RunAsync(
            "reach.mjs", ("SAHAB_URL", new Uri(house.Address, "/v1").ToString()),
            ("SAHAB_MODELS", string.Join(',', clouds)));

        cases.Count.ShouldBe((clouds.Length * 4) + 1, output);
        cases.Where(one => !one.Value.Ok).Select(one => $"{one.Key}: {one.Value.Error}").ShouldBeEmpty(output);
        (await Books.CloseAsync(house)).ShouldAgree();
    }
}
