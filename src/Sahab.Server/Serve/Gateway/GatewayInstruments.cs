using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// What the front door measures: OpenTelemetry's names for generative AI where there is one, <c>sahab.serve.*</c>
/// otherwise. Tags come from closed sets: tenants and keys are in the ledger, not here.
/// </summary>
internal sealed class GatewayInstruments : IDisposable
{
    public const string MeterName = "Sahab.Serve";

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
            "http.server.request.duration", "s", "Calls at the front door, from their arrival to their last byte.");
        _overhead = _meter.CreateHistogram<double>(
            "sahab.serve.overhead", "s", "The part of a call spent here, not waiting for a cloud or for capacity.");
        _attemptDuration = _meter.CreateHistogram<double>(
            "gen_ai.client.operation.duration", "s", "Attempts at clouds, from sending to the last byte.");
        _firstToken = _meter.CreateHistogram<double>(
            "gen_ai.client.time_to_first_token", "s", "From sending an attempt to its first content.");
        _tokens = _meter.CreateHistogram<long>(
            "gen_ai.client.token.usage", "{token}", "Tokens of attempts, by kind.");
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
            { "http.route", RouteOf(call) },
            { "http.response.status_code", status },
        };
        _callDuration.Record(durationMs / 1000, tags);
        _overhead.Record(Math.Max(0, durationMs - call.UpstreamMs - call.QueuedMs) / 1000, tags);
    }

    public void AttemptEnded(UsageEvent usage)
    {
        if (!_attempts.Enabled)
        {
            return;
        }

        _attempts.Add(1, new TagList
        {
            { "sahab.deployment", usage.Deployment },
            { "sahab.outcome", usage.Outcome.ToString() },
        });
        var tags = new TagList
        {
            { "gen_ai.operation.name", usage.Operation },
            { "gen_ai.provider.name", usage.Provider },
            { "gen_ai.request.model", usage.Model },
            { "sahab.deployment", usage.Deployment },
        };
        _attemptDuration.Record(usage.Duration.TotalSeconds, tags);
        if (usage.FirstToken is { } firstToken)
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

    static string RouteOf(Call call) => call.Operation switch
    {
        Wire.OpenAI.ApiOperation.ChatCompletions => "/v1/chat/completions",
        Wire.OpenAI.ApiOperation.Completions => "/v1/completions",
        _ => "/v1/embeddings",
    };
}
