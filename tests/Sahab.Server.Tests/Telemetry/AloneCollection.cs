namespace Sahab.Server.Tests.Telemetry;

/// <summary>
/// Meters and activity sources are seen by every listener of the process: what counts them runs while no other server
/// does.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone in the process";
}
