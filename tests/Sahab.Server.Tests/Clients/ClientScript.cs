using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Clients;

/// <summary>What a script told of one of its cases.</summary>
internal sealed record ClientCase(bool Ok, long Ms, string? Error, JsonNode? Data);

/// <summary>
/// Runs a script of <c>tests/clients</c> under Node against a house. It prints one line of JSON for each of its cases.
/// </summary>
internal static class ClientScript
{
    /// <summary>A script that takes longer is ended, and its tests fail.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    static readonly string Folder = Path.Combine(ConfigText.Root, "tests", "clients");

    /// <summary>Runs the script to its end.</summary>
    /// <returns>The cases by name, and all that the script printed besides.</returns>
    public static Task<(Dictionary<string, ClientCase> Cases, string Output)> RunAsync(
        string script, TestHouse house) => RunAsync(
            script, ("SAHAB_URL", new Uri(house.Address, "/v1").ToString()),
            ("SAHAB_CONTROL", house.Clouds.ControlAddress.ToString()));

    /// <summary>Runs the script to its end, with what it finds in its environment.</summary>
    public static async Task<(Dictionary<string, ClientCase> Cases, string Output)> RunAsync(
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

    static (Dictionary<string, ClientCase> Cases, string Output) Read(string output, string rest)
    {
        var cases = new Dictionary<string, ClientCase>();
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryRead(line) is { } told)
            {
                cases.Add((string)told["case"]!, new ClientCase(
                    (bool)told["ok"]!, (long)told["ms"]!, (string?)told["error"], told["data"]));
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
}
