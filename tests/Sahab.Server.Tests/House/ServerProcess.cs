using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Sahab.Server.Tests.House;

/// <summary>
/// The built server as a process of its own, on a free loopback port: for what only a process shows, such as being
/// killed, what it allocates by itself, and what it prints.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    /// <summary>For a start, and for an end: a machine that builds and tests at once is slow.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly Process _process;
    readonly ConcurrentQueue<string> _output = new();
    readonly ConcurrentQueue<string> _errors = new();
    readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    ServerProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => TakeOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException("It ended by itself."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>The lines of its standard output; all of them once it has ended.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>The lines of its standard error; all of them once it has ended.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>Starts it, with the keys of <see cref="TestHouse"/>, and returns once it answers.</summary>
    /// <param name="config">The file of its configuration.</param>
    /// <param name="data">Its data folder, which may be there already.</param>
    /// <param name="environment">Variables besides the keys.</param>
    /// <param name="quiet">Whether it logs warnings and errors only; as JSON it would not even say that it is ready.</param>
    public static async Task<ServerProcess> StartAsync(
        string config, string data, IReadOnlyDictionary<string, string>? environment = null, bool quiet = true)
    {
        var server = new ServerProcess(Describe(config, data, environment, quiet));
        try
        {
            server.Address = await server._ready.Task.WaitAsync(Patience);
            return server;
        }
        catch (Exception failure)
        {
            await server.DisposeAsync();
            var printed = string.Join('\n', server.Output.Concat(server.Errors));
            throw new InvalidOperationException($"The server did not get ready. It printed: {printed}", failure);
        }
    }

    /// <summary>Kills it without warning, and does not wait until it is gone.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Stops it as a service manager does, waits until it and its output have ended, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await WaitForExitAsync();
        _process.Dispose();
    }

    static ProcessStartInfo Describe(
        string config, string data, IReadOnlyDictionary<string, string>? environment, bool quiet)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "sahab.dll"), "serve", "--config", config,
                "--listen", "127.0.0.1:0", "--data", data,
            },
            Environment =
            {
                ["DEMO_KEY"] = TestHouse.DemoKey,
                ["ADMIN_KEY"] = TestHouse.AdminKey,
                ["CLOUD_KEY"] = TestHouse.CloudKey,
            },
        };
        if (quiet)
        {
            start.ArgumentList.Add("--quiet");
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    Task WaitForExitAsync() => _process.WaitForExitAsync().WaitAsync(Patience);

    void TakeOutput(string? line)
    {
        Add(_output, line);
        if (ReadyLine().Match(line ?? "") is { Success: true } ready)
        {
            _ready.TrySetResult(new Uri(ready.Groups["address"].Value));
        }
    }

    /// <summary>Null marks the end of an output.</summary>
    static void Add(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }

    /// <summary>As text, or in a line of JSON.</summary>
    [GeneratedRegex(@"Sahab is ready at (?<address>http://[0-9.:]+)")]
    private static partial Regex ReadyLine();
}
