using Sahab.Ledger.Contracts;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Tests.Ledger;

namespace Sahab.Tests.Planning;

/// <summary>Measured in the whole process, so nothing else may run meanwhile.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SimulatorMemoryTests
{
    const string Name = "live bytes";

    [Fact]
    public void What_it_holds_does_not_grow_with_the_length_of_the_scenario()
    {
        HeldAfter(hours: 2);

        var (two, sixteen) = (HeldAfter(hours: 2), HeldAfter(hours: 16));

        // Eight times the calls. What may differ is how many were open at once at the worst moment.
        (sixteen - two).ShouldBeLessThan(100_000, $"{two:N0} bytes after 2 hours, {sixteen:N0} after 16");
    }

    static long HeldAfter(int hours)
    {
        var scenario = Small.Eventful();
        scenario = scenario with
        {
            Length = TimeSpan.FromHours(hours),
            Traffic = [scenario.Traffic[0] with { GrowthPerWeek = 0 }],
            Commitments = [],
            // Settled hour by hour, with a fee, a discount for volume and a window to the end.
            Contracts = new ScenarioContracts
            {
                Begins = Terms.At("2026-01-01"),
                Book = Terms.Book(Terms.Contract(
                    "aws", "2026-01-01",
                    new Commitment
                    {
                        Id = "spend",
                        Source = Terms.Page,
                        Windows = CommitmentWindow.Yearly(Terms.At("2026-01-01"), 9_999),
                    },
                    new Rate { Id = "rate", Source = Terms.Page, Tiers = [new VolumeTier(5, 0.1m)] },
                    new Credit { Id = "c", Source = Terms.Page, Amount = 1, GrantedAt = Terms.At("2026-01-01T01:00") })),
            },
        };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var simulator = new Simulator(scenario);
        simulator.Run().Calls.Arrived.ShouldBeGreaterThan(hours * 5_000);
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(simulator);
        return held;
    }
}
