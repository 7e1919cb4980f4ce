using System.CommandLine;
using Sahab.Planning.Traces;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Plan.Replay;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab replay</c>: plays a recorded trace against a server and tells how it did.</summary>
internal static class ReplayCommand
{
    /// <summary>Calls failed otherwise than by an honest 429 or 503.</summary>
    public const int CallsFailed = 1;

    /// <summary>The replay could not begin: the trace is not valid, or there is no server.</summary>
    public const int NotBegun = 2;

    const string DefaultKeyVariable = "SAHAB_API_KEY";

    /// <summary>The key of the demo tenant, which is no secret.</summary>
    const string DemoKey = "sk-sahab-demo";

    /// <summary>How long the account may take to hold what was replayed.</summary>
    static readonly TimeSpan LongestAccounting = TimeSpan.FromSeconds(10);

    static readonly TimeSpan AccountInterval = TimeSpan.FromMilliseconds(250);

    public static Command Create(IAnsiConsole console, Func<string, string?> environment, TimeProvider time)
    {
        var arguments = new Arguments();
        var command = new Command(
            "replay",
            "Play a trace against a server: arrival times, prompt lengths and answer lengths as they were recorded.");
        foreach (var option in arguments.All)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await RunAsync(console, environment, time, arguments, parsed, cancellation);
            }
            catch (Exception error) when (error is CommandException or TraceException)
            {
                console.Profile.Out.Writer.WriteLine(error.Message);
                return NotBegun;
            }
        });
        return command;
    }

    static async Task<int> RunAsync(
        IAnsiConsole console, Func<string, string?> environment, TimeProvider time, Arguments arguments,
        ParseResult parsed, CancellationToken cancellation)
    {
        var server = ControlClient.ParseServer(parsed.GetValue(arguments.Url)!);
        var key = parsed.GetValue(arguments.Key) ?? FindKey(environment, parsed.GetValue(arguments.KeyVariable));
        var options = arguments.Read(parsed, server, key);
        var summary = TraceReader.Measure(options.Trace, options.Limit);
        using var client = new ControlClient(server, key);
        options = options with
        {
            Model = parsed.GetValue(arguments.Model) ?? await FirstModelAsync(client, cancellation),
        };
        using var admin = parsed.GetValue(arguments.AdminKeyVariable) is { } variable
            ? new ControlClient(server, RequireKey(environment, variable))
            : null;
        var before = admin is null ? null : await ReadCostsAsync(admin, cancellation);
        var view = new ReplayView(console, time, options, summary, parsed.GetValue(arguments.Json));
        using var run = new ReplayRun(options, time);
        var report = await view.ShowAsync(run, cancellation);
        if (admin is not null && before is not null && !cancellation.IsCancellationRequested)
        {
            report = await AddCostsAsync(admin, before, report, time, cancellation);
        }

        view.Print(report);
        return report.Calls.Failed > 0 ? CallsFailed : 0;
    }

    static string FindKey(Func<string, string?> environment, string? variable) =>
        variable is not null
            ? RequireKey(environment, variable)
            : environment(DefaultKeyVariable) is { Length: > 0 } key ? key : DemoKey;

    static string RequireKey(Func<string, string?> environment, string variable) =>
        environment(variable) is { Length: > 0 } key
            ? key
            : throw new CommandException($"The environment variable {variable} holds no key.");

    static async Task<string> FirstModelAsync(ControlClient client, CancellationToken cancellation)
    {
        var models = (await client.GetAsync("v1/models", cancellation))["data"]!.AsArray();
        return models.Count > 0
            ? models[0]!["id"]!.ToString()
            : throw new CommandException("The server offers this key no model.");
    }

    static async Task<ProviderCosts> ReadCostsAsync(ControlClient admin, CancellationToken cancellation) =>
        ProviderCosts.Read(await admin.GetAsync("api/usage?by=provider", cancellation));

    /// <summary>Waits until the account holds the tokens that were told here, and adds what they cost.</summary>
    static async Task<ReplayReport> AddCostsAsync(
        ControlClient admin, ProviderCosts before, ReplayReport report, TimeProvider time,
        CancellationToken cancellation)
    {
        var told = report.Providers.Sum(provider => provider.OutputTokens);
        var begun = time.GetTimestamp();
        while (true)
        {
            var now = await ReadCostsAsync(admin, cancellation);
            if (now.OutputTokens - before.OutputTokens >= told || time.GetElapsedTime(begun) > LongestAccounting)
            {
                return now.AddTo(report, before);
            }

            await Task.Delay(AccountInterval, time, cancellation);
        }
    }

    sealed class Arguments
    {
        readonly Option<string> _trace = new("--trace")
        {
            Description = "The trace: CSV with TIMESTAMP, ContextTokens and GeneratedTokens, plain or gzip.",
            Required = true,
        };

        readonly Option<double> _speed = new("--speed")
        {
            Description = "How many times as fast as it was recorded.",
            DefaultValueFactory = _ => 1,
        };

        readonly Option<long?> _limit = new("--limit") { Description = "Only the first so many requests." };

        readonly Option<string?> _duration = new("--duration")
        {
            Description = "Send for so long, such as 90s or 5m.",
        };

        readonly Option<bool> _loop = new("--loop") { Description = "Begin anew when the trace has ended." };

        readonly Option<double> _streamShare = new("--stream-share")
        {
            Description = "The share of calls that ask for a stream, from 0 to 1.",
            DefaultValueFactory = _ => 0.8,
        };

        readonly Option<bool> _exactOutput = new("--exact-output")
        {
            Description = "Ask for exactly as many output tokens as the trace has (ignore_eos), which only vLLM and the "
                + "emulated clouds that are like it can be asked.",
        };

        readonly Option<int> _maxInFlight = new("--max-in-flight")
        {
            Description = "Calls in flight at most, 1 to 50000. What would be beyond is held back, and counted.",
            DefaultValueFactory = _ => ReplayOptions.DefaultMaxInFlight,
        };

        readonly Option<ulong> _seed = new("--seed")
        {
            Description = "The same seed replays the same calls.",
            DefaultValueFactory = _ => 1,
        };

        public Option<string> Url { get; } = new("--url")
        {
            Description = "The server.",
            DefaultValueFactory = _ => "http://127.0.0.1:8080",
        };

        public Option<string?> Key { get; } = new("--key") { Description = "The API key itself." };

        public Option<string?> KeyVariable { get; } = new("--key-env")
        {
            Description = $"The environment variable that holds the key; else {DefaultKeyVariable}, else the demo's.",
        };

        public Option<string?> AdminKeyVariable { get; } = new("--admin-key-env")
        {
            Description = "The environment variable that holds an admin key: the report then has the cost by provider.",
        };

        public Option<string?> Model { get; } = new("--model")
        {
            Description = "The model. Else the first that the server names.",
        };

        public Option<bool> Json { get; } = new("--json") { Description = "Print the report as JSON only." };

        public IEnumerable<Option> All =>
        [
            _trace, _speed, Url, Key, KeyVariable, Model, _limit, _duration, _loop, _streamShare, _exactOutput, _maxInFlight, _seed,
            AdminKeyVariable, Json,
        ];

        public ReplayOptions Read(ParseResult parsed, Uri server, string key)
        {
            var options = new ReplayOptions
            {
                Trace = parsed.GetRequiredValue(_trace),
                Server = server,
                Key = key,
                Model = "",
                Speed = parsed.GetValue(_speed),
                Limit = parsed.GetValue(_limit),
                Loop = parsed.GetValue(_loop),
                StreamShare = parsed.GetValue(_streamShare),
                ExactOutput = parsed.GetValue(_exactOutput),
                Seed = parsed.GetValue(_seed),
                MaxInFlight = parsed.GetValue(_maxInFlight),
                Duration = ReadDuration(parsed.GetValue(_duration)),
            };
            return options.Speed is not (> 0 and <= 1e6) ? throw OutOfRange("--speed", "above 0 and at most 1000000")
                : options.Limit < 1 ? throw OutOfRange("--limit", "at least 1")
                : options.StreamShare is not (>= 0 and <= 1) ? throw OutOfRange("--stream-share", "from 0 to 1")
                : options.MaxInFlight is < 1 or > 50_000 ? throw OutOfRange("--max-in-flight", "from 1 to 50000")
                : options;
        }

        static TimeSpan? ReadDuration(string? text) =>
            text is null ? null
            : Scalars.TryDuration(text, out var duration) ? duration
            : throw new CommandException($"--duration '{text}' is not a duration, such as 90s, 5m or 1h.");

        static CommandException OutOfRange(string option, string range) => new($"{option} must be {range}.");
    }
}
