using System.Collections.Immutable;
using System.CommandLine;
using Sahab.Planning.Optimum;
using Sahab.Planning.Scenarios;
using Sahab.Routing.Policies;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Plan.Scenarios;
using Sahab.Server.Portal;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab simulate SCENARIO</c>: what a scenario would cost, and how it would be served.</summary>
internal static class SimulateCommand
{
    /// <summary>The optimum was asked for and there is none.</summary>
    public const int NoOptimum = 1;

    /// <summary>The simulation could not begin: the scenario is not valid, or there is no solver.</summary>
    public const int NotBegun = 2;

    /// <summary>It was told to stop, and says nothing.</summary>
    public const int Stopped = 130;

    /// <summary>The policies that are compared by <c>--policies all</c>.</summary>
    static readonly ImmutableArray<RoutingProfile> Policies =
    [
        RoutingProfile.WeightedShuffle, RoutingProfile.LeastBusy, RoutingProfile.LowestLatency,
        RoutingProfile.LowestPrice, RoutingProfile.PriorityOrder, RoutingProfile.Balanced,
        RoutingProfile.LeastCost,
    ];

    public static Command Create(IAnsiConsole console, TimeProvider time)
    {
        var arguments = new Arguments();
        var command = new Command(
            "simulate", "Run a scenario in virtual time through the router itself: cost, shortfall, service, regret.")
        {
            arguments.File,
        };
        foreach (var option in arguments.All)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await RunAsync(console, time, arguments, parsed, cancellation);
            }
            catch (Exception error) when (error is CommandException or SolverException)
            {
                console.Profile.Out.Writer.WriteLine(error.Message);
                return NotBegun;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                console.Profile.Out.Writer.WriteLine("Stopped before the end.");
                return Stopped;
            }
        });
        return command;
    }

    static async Task<int> RunAsync(
        IAnsiConsole console, TimeProvider time, Arguments arguments, ParseResult parsed, CancellationToken stop)
    {
        var reading = ScenarioReader.Read(parsed.GetRequiredValue(arguments.File));
        foreach (var problem in reading.Problems)
        {
            console.Profile.Out.Writer.WriteLine(problem.ToString());
        }

        if (reading.Scenario is null)
        {
            return NotBegun;
        }

        var scale = arguments.ReadScale(parsed) ?? reading.Scale;
        var scenario = reading.Scenario.Compressed(scale) with
        {
            Seed = parsed.GetValue(arguments.Seed) ?? reading.Scenario.Seed,
        };
        var run = new Run(
            scenario, scale, arguments.ReadPolicies(parsed, scenario), parsed.GetValue(arguments.Optimum),
            arguments.ReadLimit(parsed));
        ThrowIfNotPossible(run, parsed.GetValue(arguments.Mps));
        WriteProgram(scenario, parsed.GetValue(arguments.Mps));
        var (view, json) = (new ScenarioView(console, time), parsed.GetValue(arguments.Json));
        var seeds = arguments.ReadSeeds(parsed);
        var outcomes = ImmutableArray.CreateBuilder<ScenarioOutcome>(seeds);
        for (var index = 0; index < seeds; index++)
        {
            var seeded = scenario with { Seed = scenario.Seed + (ulong)index };
            outcomes.Add(await RunAsync(run with { Scenario = seeded }, view, time, stop));
            view.Print(outcomes[^1], seeded);
        }

        if (seeds > 1)
        {
            view.Print(new ScenarioSpread(scenario.Name, scale, outcomes.ToImmutable()));
        }

        if (json is not null)
        {
            // Several outcomes are as many objects, one after the other.
            Write(json, writer => writer.Write(string.Concat(outcomes.Select(outcome => outcome.ToJson()))));
        }

        if (parsed.GetValue(arguments.Page) is { } page)
        {
            var sheet = await SimulationSheet.RenderAsync(outcomes.ToImmutable());
            Write(page, writer => writer.Write(sheet));
        }

        return outcomes.Any(outcome => outcome.Optimum is { Status: not SolverStatus.Optimal }) ? NoOptimum : 0;
    }

    static async Task<ScenarioOutcome> RunAsync(Run run, ScenarioView view, TimeProvider time, CancellationToken stop)
    {
        var reports = run.Policies
            .Select(profile => view.Simulate(run.Scenario with { Profile = profile }, stop)).ToList();
        var optimum = run.WithOptimum
            ? await HindsightOptimum.FindAsync(run.Scenario, new CbcSolver(time), run.Limit, stop)
            : null;
        return new ScenarioOutcome
        {
            Scenario = run.Scenario.Name,
            Seed = run.Scenario.Seed,
            Scale = run.Scale,
            Policies = [.. reports.Select(report => new PolicyOutcome(report, Round(optimum?.RegretOf(report))))],
            Optimum = optimum,
        };
    }

    static void ThrowIfNotPossible(Run run, string? mps)
    {
        if ((run.WithOptimum || mps is not null) && HindsightOptimum.ProblemOf(run.Scenario) is { } problem)
        {
            throw new CommandException(problem);
        }

        if (ScenarioCheck.ProblemsOf(run.Scenario).FirstOrDefault() is { } compressed)
        {
            throw new CommandException(
                $"--scale: {compressed.Key}: {compressed.Message}. Write another scale: {compressed.Remedy}.");
        }
    }

    static void WriteProgram(Scenario scenario, string? file)
    {
        if (file is not null)
        {
            Write(file, writer => MpsWriter.Write(HindsightOptimum.ProgramOf(scenario), writer));
        }
    }

    static void Write(string file, Action<TextWriter> write)
    {
        try
        {
            using var writer = new StreamWriter(file);
            write(writer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} cannot be written: {error.Message}");
        }
    }

    static double? Round(double? regret) => regret is { } figure ? Math.Round(figure, 6) : null;

    sealed record Run(
        Scenario Scenario, double Scale, List<RoutingProfile> Policies, bool WithOptimum, TimeSpan Limit);

    sealed class Arguments
    {
        readonly Option<double?> _scale = new("--scale")
        {
            Description = "Compress time, 0.0001 to 100: 1 is the scenario as written. Else as the file says.",
        };

        readonly Option<string?> _policies = new("--policies")
        {
            Description = "Policies by their names, with commas between, or all. Else the scenario's own.",
        };

        readonly Option<int> _seeds = new("--seeds")
        {
            Description = "How many seeds, 1 to 100, one after the other from the first: told with their spread.",
            DefaultValueFactory = _ => 1,
        };

        readonly Option<string> _limit = new("--time-limit")
        {
            Description = "How long the solver may take, such as 90s or 10m.",
            DefaultValueFactory = _ => "10m",
        };

        public Argument<string> File { get; } = new("SCENARIO")
        {
            Description = "The scenario, such as samples/scenarios/steady-growth.yaml.",
        };

        public Option<ulong?> Seed { get; } = new("--seed")
        {
            Description = "Another seed than the scenario's: the same one gives the same result.",
        };

        public Option<bool> Optimum { get; } = new("--optimum")
        {
            Description = "Find the optimum with hindsight too, by COIN-OR CBC, and every policy's regret.",
        };

        public Option<string?> Json { get; } = new("--json") { Description = "Write what was found to this file." };

        public Option<string?> Page { get; } = new("--page")
        {
            Description = "Write what was found to this file as a page of HTML, with charts.",
        };

        public Option<string?> Mps { get; } = new("--mps")
        {
            Description = "Write the programme of the optimum to this file, for other solvers.",
        };

        public IEnumerable<Option> All => [_scale, Seed, _seeds, _policies, Optimum, _limit, Json, Page, Mps];

        public double? ReadScale(ParseResult parsed) => parsed.GetValue(_scale) switch
        {
            null => null,
            >= 0.0001 and <= 100 and var scale => scale,
            _ => throw new CommandException("--scale must be from 0.0001 to 100."),
        };

        public int ReadSeeds(ParseResult parsed) => parsed.GetValue(_seeds) is >= 1 and <= 100 and var seeds
            ? seeds
            : throw new CommandException("--seeds must be from 1 to 100.");

        public TimeSpan ReadLimit(ParseResult parsed) =>
            Scalars.TryDuration(parsed.GetValue(_limit)!, out var limit) && limit > TimeSpan.Zero
                ? limit
                : throw new CommandException("--time-limit must be a duration above zero, such as 90s, 5m or 1h.");

        /// <summary>The policies that were asked for. What the scenario says of the balanced one stays.</summary>
        public List<RoutingProfile> ReadPolicies(ParseResult parsed, Scenario scenario)
        {
            if (parsed.GetValue(_policies) is not { } text)
            {
                return [scenario.Profile];
            }

            var own = scenario.Profile;
            var known = Policies.Select(policy => policy.Name == own.Name ? own : policy).ToList();
            return text == "all" ? known : [.. text.Split(',').Select(name =>
                known.Find(policy => policy.Name == name.Trim().Replace('-', '_'))
                ?? throw new CommandException(
                    $"--policies: there is no '{name.Trim()}'. There are all, or of "
                    + $"{string.Join(", ", Policies.Select(policy => policy.Name))}."))];
        }
    }
}
