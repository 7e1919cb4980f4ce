using System.Globalization;
using Sahab.Routing.Decisions;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Faults;

/// <summary>
/// The conversation trace of a real service, as plans of calls with their arrival times: Azure Public Dataset,
/// AzureLLMInferenceTrace_conv (Splitwise, ISCA 2024), CC BY 4.0, unchanged.
/// </summary>
internal static class Trace
{
    const string FileName = "conversation-2023.csv";

    /// <summary>The trace begins hesitantly; from here on it has its usual rate.</summary>
    const int FirstLine = 2000;

    /// <summary>The calls of some seconds of the trace, played faster.</summary>
    /// <param name="seconds">Of real time.</param>
    /// <param name="speed">Seconds of the trace in one real second.</param>
    /// <param name="maxPrompt">Longer prompts are cut, in tokens.</param>
    /// <param name="maxOutput">Longer answers are cut, in tokens.</param>
    /// <param name="seed">Chooses who streams and who disconnects.</param>
    public static List<(TimeSpan At, CallPlan Plan)> Read(
        double seconds, double speed, int maxPrompt, int maxOutput, ulong seed)
    {
        var random = new RandomSource(seed);
        var calls = new List<(TimeSpan, CallPlan)>();
        DateTime? first = null;
        foreach (var line in File.ReadLines(Repository.PathOf(Path.Combine("samples", "traces", FileName))).Skip(FirstLine))
        {
            var fields = line.Split(',');
            var arrived = DateTime.Parse(fields[0], CultureInfo.InvariantCulture);
            first ??= arrived;
            var at = (arrived - first.Value) / speed;
            if (at.TotalSeconds >= seconds)
            {
                break;
            }

            var prompt = Math.Clamp(int.Parse(fields[1], CultureInfo.InvariantCulture), 1, maxPrompt);
            var output = Math.Clamp(int.Parse(fields[2], CultureInfo.InvariantCulture), 2, maxOutput);
            calls.Add((at, Plan(prompt, output, ref random)));
        }

        return calls;
    }

    static CallPlan Plan(int prompt, int output, ref RandomSource random)
    {
        var stream = Draw(ref random, 100) < 60;
        int? leaves = Draw(ref random, 100) < 12 ? Draw(ref random, 4) * 700 : null;
        var prefix = prompt > 1200 ? 1 + Draw(ref random, 4) : 0;
        return new CallPlan(prompt, output, stream, leaves, prefix);
    }

    static int Draw(ref RandomSource random, int below) => (int)(random.NextUInt64() % (ulong)below);

}
