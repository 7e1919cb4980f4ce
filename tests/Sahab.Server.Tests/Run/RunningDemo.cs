using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Run;

/// <summary>A <c>./run</c> of its own: a free port, a data folder that goes with it, and what it printed.</summary>
internal sealed class RunningDemo : IAsyncDisposable
{
    /// <summary>A machine that builds and tests at once is slow.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    const string CloudsLine = "emulated clouds: ";

    readonly Process _process;
    readonly StringBuilder _errors = new();

    RunningDemo(Process process, string data, int port)
    {
        _process = process;
        Data = data;
        Port = port;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
    }

    public string Data { get; }

    public int Port { get; }

    public Uri Address => new($"http://127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}");

    public string AdminKey { get; private set; } = "";

    /// <summary>Of the demo's users; empty: there are none.</summary>
    public string Password { get; private set; } = "";

    public Uri Clouds { get; private set; } = new("http://127.0.0.1");

    /// <summary>Standard output as far as it was read.</summary>
    public List<string> Lines { get; } = [];

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts it and returns at once.</summary>
    public static RunningDemo Begin(string? script = null, int? port = null, params string[] options)
    {
        var data = Path.Combine(Path.GetTempPath(), "sahab run " + Path.GetRandomFileName());
        var chosen = port ?? FreePort();
        var start = new ProcessStartInfo(script ?? Repository.PathOf("run"))
        {
            // From elsewhere: nothing may depend on the folder in which it is typed.
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("SAHAB_RUN_HEARS");
        foreach (var argument in (string[])
            ["--port", chosen.ToString(CultureInfo.InvariantCulture), "--data", data, .. options])
        {
            start.ArgumentList.Add(argument);
        }

        return new RunningDemo(Process.Start(start)!, data, chosen);
    }

    /// <summary>Starts it and waits for the last of its lines.</summary>
    public static async Task<RunningDemo> StartAsync(string? script = null, params string[] options)
    {
        var demo = Begin(script, port: null, options);
        while (demo.Lines.LastOrDefault()?.StartsWith(CloudsLine, StringComparison.Ordinal) != true)
        {
            var line = await demo._process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            line.ShouldNotBeNull(demo.Errors);
            demo.Lines.Add(line);
        }

        demo.AdminKey = demo.Lines[2]["admin key: ".Length..];
        demo.Clouds = new Uri(demo.Lines[^1][CloudsLine.Length..]);
        demo.Password = demo.Lines.SingleOrDefault(line => line.StartsWith("sign in as ", StringComparison.Ordinal))
            ?.Split("password: ")[1] ?? "";
        return demo;
    }

    /// <summary>Sends a signal as a shell would.</summary>
    public static void Signal(string signal, int process)
    {
        using var kill = Process.Start(
            "kill", ["-" + signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>What Ctrl-C does.</summary>
    public void Interrupt() => Signal("INT", _process.Id);

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>The processes that it started, by what they run.</summary>
    public IReadOnlyList<(int Id, string Command)> Children() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
            .Where(id => id > 0 && ParentOf(id) == _process.Id)
            .Select(id => (id, CommandOf(id))),
    ];

    /// <summary>Whether the process is still there and is more than an entry that waits to be read.</summary>
    public static bool IsAlive(int process) => ParentOf(process) != 0;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Interrupt();
            await WaitForExitAsync();
        }

        _process.Dispose();
        if (Directory.Exists(Data))
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    /// <summary>0 for what is gone or a zombie.</summary>
    static int ParentOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? 0 : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    static string CommandOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/cmdline")
                .Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
