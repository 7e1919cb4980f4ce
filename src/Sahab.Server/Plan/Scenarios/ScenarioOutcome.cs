using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Planning.Optimum;
using Sahab.Planning.Simulation;
using Sahab.Server.Hosting;

namespace Sahab.Server.Plan.Scenarios;

/// <summary>
/// What <c>sahab simulate</c> found: the same scenario, scale and seed give the same bytes of JSON, so how long it took
/// does not stand in it.
/// </summary>
internal sealed record ScenarioOutcome
{
    static readonly JsonSerializerOptions Json = CreateJson();

    public required string Scenario { get; init; }

    public required ulong Seed { get; init; }

    public required double Scale { get; init; }

    public required ImmutableArray<PolicyOutcome> Policies { get; init; }

    public HindsightReport? Optimum { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    static JsonSerializerOptions CreateJson()
    {
        var json = new JsonSerializerOptions
        {
            WriteIndented = true,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        ControlJson.Configure(json);
        return json;
    }
}

/// <summary>One policy's run.</summary>
/// <param name="Regret">Its cost for every dollar of the optimum; null where that was not asked for.</param>
internal sealed record PolicyOutcome(SimulationReport Report, double? Regret);
