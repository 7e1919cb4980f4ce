using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary>Runs what a command does; what it could not do is printed in its own words, and ends with status 1.</summary>
internal static class CommandRun
{
    public static async Task<int> RunAsync(IAnsiConsole console, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (CommandException error)
        {
            console.Profile.Out.Writer.WriteLine(error.Message);
            return 1;
        }
    }

    public static Task<int> RunAsync(IAnsiConsole console, Func<Task> run) => RunAsync(console, async () =>
    {
        await run();
        return 0;
    });
}
