using System.Diagnostics;
using System.Text.Json;

namespace Sahab.Emulator.Tests;

/// <summary>
/// Runs a script of <c>tests/clients</c>, which drives a vendor's own client, against the emulated clouds. The script
/// prints one line of JSON for each of its cases.
/// </summary>
internal static class SdkScript
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Runs the script to its end; every case must have gone well, and these cases must have been there.</summary>
    public static async Task RunAsync(
        string script, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> cases)
    {
        var start = new ProcessStartInfo("node", [script])
        {
            WorkingDirectory = FindFolder(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            Check(output, await errors, cases);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{script} did not end within {Patience}.");
        }
    }

    static void Check(string output, string errors, IEnumerable<string> cases)
    {
        var told = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("{\"case\":", StringComparison.Ordinal))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(line => line.GetProperty("case").GetString()!);
        var failed = told.Values.Where(line => !line.GetProperty("ok").GetBoolean())
            .Select(line => $"{line.GetProperty("case")}: {line.GetProperty("error")}");
        string.Join('\n', failed).ShouldBe("", errors);
        told.Keys.ShouldBe(cases, ignoreOrder: true, $"{output}\n{errors}");
    }

    static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sahab.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run from the repository.");
        }

        var clients = Path.Combine(folder.FullName, "tests", "clients");
        return Directory.Exists(Path.Combine(clients, "node_modules"))
            ? clients
            : throw new InvalidOperationException($"No clients are installed. Run 'npm ci' in {clients}, as ./test does.");
    }
}
