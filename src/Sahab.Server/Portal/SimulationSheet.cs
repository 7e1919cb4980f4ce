using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Server.Plan.Scenarios;
using Sahab.Server.Portal.Pages;

namespace Sahab.Server.Portal;

/// <summary>Writes what a simulation found as one file of HTML, which needs nothing else.</summary>
internal static class SimulationSheet
{
    public static async Task<string> RenderAsync(ImmutableArray<ScenarioOutcome> outcomes)
    {
        var services = new ServiceCollection().AddSingleton<PortalAssets>().BuildServiceProvider();
        await using (services)
        {
            return await new PageRenderer(services, NullLoggerFactory.Instance).RenderAsync(new PageView(
                typeof(SimulationPage),
                new() { [nameof(SimulationPage.Findings)] = new SimulationFindings(outcomes) })) + "\n";
        }
    }
}
