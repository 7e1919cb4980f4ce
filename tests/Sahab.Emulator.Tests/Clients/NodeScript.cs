using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sahab.Emulator.Tests.Clients;

/// <summary>What a script told of one of its cases.</summary>
internal sealed record NodeCase(bool Ok, string? Error);

/// <summary>
/// A script of <c>tests/clients</c>, which drives a vendor's official client under Node and prints one line of JSON for
/// each of its cases.
/// </summary>
internal static class NodeScript
{
    /// <summary>A script that takes longer is ended, and its tests fail.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    static readonly string Folder = Path.Combine(Root(AppContext.BaseDirectory), "tests", "clients");

    /// <summary>Runs a script to its end.</summary>
    /// <returns>The cases by name, and all that the script printed besides.</returns>
    public static async Task<(Dictionary<string, NodeCase> Cases, string Output)> RunAsync(
        string script, params (string Name, string Value)[] environment)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
        {
            throw new InvalidOperationException($"No clients are installed. Run 'npm ci' in {Folder}, as ./test does.");
        }
        var start = new ProcessStartInfo("node", [script])
        {
            WorkingDirectory = Folder,
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
            return Read(output, $"{await errors}\nnode ended with {process.ExitCode}.");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{script} did not end within {Patience}.");
        }
    }

    static (Dictionary<string, NodeCase> Cases, string Output) Read(string output, string rest)
    {
        var cases = new Dictionary<string, NodeCase>();
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryRead(line) is { } told)
            {
                cases.Add((string)told["case"]!, new NodeCase((bool)told["ok"]!, (string?)told["error"]));
            }
            else
            {
                rest += $"\n{line}";
            }
        }
        return (cases, rest);
    }

    static JsonObject? TryRead(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject is { } told && told.ContainsKey("case") ? told : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string Root(string folder) => File.Exists(Path.Combine(folder, "Sahab.slnx"))
        ? folder
        : Root(Path.GetDirectoryName(folder)
            ?? throw new DirectoryNotFoundException("The tests do not run inside the repository."));
}
