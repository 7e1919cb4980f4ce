using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Hosting;

/// <summary>Whether the server lives, whether it is ready for calls, and what state it is in.</summary>
internal static class HostApi
{
    public static void Map(IEndpointRouteBuilder endpoints, IEndpointRouteBuilder api)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription();
        endpoints.MapGet("/readyz", (SnapshotPublisher snapshots, Journal journal, UnrecordedUsage unrecorded) =>
                !snapshots.IsReady ? NotReady("no configuration is in force yet")
                : !journal.IsHealthy ? NotReady($"the journal cannot be written: {journal.Trouble}")
                : unrecorded.IsCrowded ? NotReady($"the usage of {unrecorded.Count} attempts waits for the journal")
                : Results.Text("ready\n"))
            .ExcludeFromDescription();
        api.MapGet("/status", Status).WithSummary("What is in force, what waits, and what is wrong.");
    }

    static IResult NotReady(string why) =>
        Results.Text(why + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);

    static ServerStatus Status(
        ConfigurationState configuration, Journal journal, UnrecordedUsage unrecorded, FrontDoor door,
        Placement placement, DrainGate drains)
    {
        var status = configuration.Status;
        return new ServerStatus(
            status.Applied.Version, status.Applied.LoadedAt, status.Applied.Source, status.Applied.SourceHash,
            status.LastErrors, [.. status.Applied.Warnings.Select(warning => warning.ToString())],
            door.InHouse, placement.Waiting, drains.Running, journal.IsHealthy, journal.Trouble, journal.Pending,
            unrecorded.Count, unrecorded.Lost);
    }
}

/// <summary>The state of the server as the control API tells it.</summary>
/// <param name="ReloadErrors">Why the last reload was refused, so that an older configuration is in force; else empty.</param>
/// <param name="CallsInHouse">Calls that have arrived and not ended, waiting ones included.</param>
/// <param name="UsageUnrecorded">Usage events that wait in memory for a journal that would not take them.</param>
/// <param name="UsageLost">Usage events that were lost since the start because too many waited.</param>
internal sealed record ServerStatus(
    long ConfigurationVersion, DateTimeOffset ConfigurationLoadedAt, string ConfigurationSource,
    string ConfigurationHash, IReadOnlyList<string> ReloadErrors, IReadOnlyList<string> Risks, int CallsInHouse,
    int CallsWaiting, int StreamsDraining, bool JournalHealthy, string? JournalTrouble, int JournalPending,
    int UsageUnrecorded, long UsageLost);
