namespace Sahab.Server.Hosting;

/// <summary>
/// Whether socket completions run on the threads that wait for them. It saves a hand-off between threads for each
/// read, which costs more than the work itself, and asks that request code never blocks. The runtime reads the
/// variable for the sockets that go out; the launcher sets it.
/// </summary>
internal static class InlineScheduling
{
    const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    public static bool IsOn { get; } = Environment.GetEnvironmentVariable(Variable) == "1";
}
