using Sahab.Planning.Simulation;

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
        };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var simulator = new Simulator(scenario);
        simulator.Run().Calls.Arrived.ShouldBeGreaterThan(hours * 5_000);
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(simulator);
        return held;
    }
}
