using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sahab.Ledger.Rating;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// What the front door measures: OpenTelemetry's names for generative AI where there is one, <c>sahab.serve.*</c>
/// otherwise. Tags come from closed sets: tenants and keys are in the ledger, not here.
/// </summary>
internal sealed class GatewayInstruments : IDisposable
{
    public const string MeterName = "Sahab.Serve";

    /// <summary>Bucket bounds in seconds; OpenTelemetry's advice, carried on to a call's longest duration.</summary>
    static readonly InstrumentAdvice<double> CallSeconds = new()
    {
        HistogramBucketBoundaries =
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
    };

    static readonly InstrumentAdvice<double> AttemptSeconds = new()
    {
        HistogramBucketBoundaries =
            [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 600],
    };

    static readonly InstrumentAdvice<double> OverheadSeconds = new()
    {
        HistogramBucketBoundaries =
            [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    };

    static readonly InstrumentAdvice<long> TokenCounts = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
    };

    /// <summary>Statuses as objects, so that a tag does not box one for each call.</summary>
    static readonly object[] Statuses = [.. Enumerable.Range(0, 600).Select(status => (object)status)];

    /// <summary>The outcomes' names by number: asking an enumeration for its name boxes it.</summary>
    static readonly string[] Outcomes =
        [.. Enumerable.Range(0, byte.MaxValue + 1).Select(number => ((AttemptOutcome)number).ToString())];

    readonly Meter _meter;
    readonly Histogram<double> _callDuration;
    readonly Histogram<double> _overhead;
    readonly Histogram<double> _attemptDuration;
    readonly Histogram<double> _firstToken;
    readonly Histogram<long> _tokens;
    readonly Counter<long> _attempts;
    readonly Counter<long> _notRecorded;

    public GatewayInstruments(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _callDuration = _meter.CreateHistogram<double>(
            "http.server.request.duration", "s", "Calls at the front door, from their arrival to their last byte.",
            advice: CallSeconds);
        _overhead = _meter.CreateHistogram<double>(
            "sahab.serve.overhead", "s", "The part of a call spent here, not waiting for a cloud or for capacity.",
            advice: OverheadSeconds);
        _attemptDuration = _meter.CreateHistogram<double>(
            "gen_ai.client.operation.duration", "s", "Attempts at clouds, from sending to the last byte.",
            advice: AttemptSeconds);
        _firstToken = _meter.CreateHistogram<double>(
            "gen_ai.client.time_to_first_token", "s", "From sending a streamed attempt to its first content.",
            advice: AttemptSeconds);
        _tokens = _meter.CreateHistogram<long>(
            "gen_ai.client.token.usage", "{token}", "Tokens of attempts, by kind.", advice: TokenCounts);
        _attempts = _meter.CreateCounter<long>(
            "sahab.serve.attempts", "{attempt}", "Attempts by deployment and outcome.");
        _notRecorded = _meter.CreateCounter<long>(
            "sahab.serve.not_recorded", "{event}", "Usage events that the journal did not take at once.");
    }

    public void CallEnded(Call call, int status, double durationMs)
    {
        if (!_callDuration.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            { "http.route", call.Door.Route },
            { "http.response.status_code", Statuses[Math.Clamp(status, 0, Statuses.Length - 1)] },
        };
        _callDuration.Record(durationMs / 1000, tags);
        _overhead.Record(Math.Max(0, durationMs - call.UpstreamMs - call.QueuedMs) / 1000, tags);
    }

    public void AttemptEnded(ApiOperation operation, UsageEvent usage)
    {
        if (!_attempts.Enabled)
        {
            return;
        }

        _attempts.Add(1, new TagList
        {
            { "sahab.deployment", usage.Deployment },
            { "sahab.outcome", Outcomes[(byte)usage.Outcome] },
        });
        var tags = new TagList
        {
            { "gen_ai.operation.name", OperationNames.GenAiOf(operation) },
            { "gen_ai.provider.name", usage.Provider },
            { "gen_ai.request.model", usage.Model },
            { "sahab.deployment", usage.Deployment },
        };
        var outcome = tags;
        if (OperationNames.ErrorTypeOf(usage.Outcome) is { } error)
        {
            outcome.Add("error.type", error);
        }

        _attemptDuration.Record(usage.Duration.TotalSeconds, outcome);
        if (usage.FirstToken is { } firstToken && (usage.Flags & UsageFlags.Streamed) != 0)
        {
            _firstToken.Record(firstToken.TotalSeconds, tags);
        }

        if (usage.Usage.TotalTokens > 0)
        {
            RecordTokens(usage, tags);
        }
    }

    public void NotRecorded(int events) => _notRecorded.Add(events);

    public void Dispose() => _meter.Dispose();

    void RecordTokens(UsageEvent usage, in TagList tags)
    {
        var input = tags;
        input.Add("gen_ai.token.type", "input");
        _tokens.Record(usage.Usage.PromptTokens, input);
        var output = tags;
        output.Add("gen_ai.token.type", "output");
        _tokens.Record(usage.Usage.OutputTokens, output);
    }
}
