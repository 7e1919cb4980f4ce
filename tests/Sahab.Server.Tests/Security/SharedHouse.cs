using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Security;

/// <summary>One server for all attacks of a class that leave nothing behind; it listens beyond this machine.</summary>
public sealed class SharedHouse : IAsyncLifetime
{
    internal TestHouse House { get; private set; } = null!;

    public async Task InitializeAsync() => House = await TestHouse.StartAsync(
        Samples.TwoCloudsYaml + "\nwebhooks: { allow_http: true }\n", listen: "0.0.0.0:0");

    public async Task DisposeAsync() => await House.DisposeAsync();
}
