using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>A request that was read and found valid.</summary>
internal sealed class ApiRequest : IDisposable
{
    public GenerationRequest Generation { get; } = new();

    public bool Streams { get; set; }

    public bool IncludesUsage { get; set; }

    public bool WantsRunningUsage { get; set; }

    public int? Logprobs { get; set; }

    public string? ServiceTier { get; set; }

    public string[]? Echo { get; set; }

    public void Dispose() => Generation.Dispose();

    /// <summary>Reads what chat and plain completions have in common.</summary>
    public void ReadCommon(RequestFields fields)
    {
        Streams = fields.Flag("stream") ?? false;
        if (fields.Object("stream_options") is { } options)
        {
            if (!Streams)
            {
                throw fields.Invalid(
                    "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
            }
            IncludesUsage = options.Flag("include_usage") ?? false;
            WantsRunningUsage = IncludesUsage && (options.Flag("continuous_usage_stats") ?? false);
        }
        fields.Number("temperature", 0, 2);
        fields.Number("top_p", 0, 1);
        fields.Number("presence_penalty", -2, 2);
        fields.Number("frequency_penalty", -2, 2);
        Generation.Choices = fields.Integer("n", 1, 128) ?? 1;
        Generation.IgnoreEos = fields.Flag("ignore_eos") ?? false;
        Generation.Seed = fields.Long("seed") ?? 0;
        ServiceTier = fields.Text("service_tier");
        ReadStops(fields);
    }

    void ReadStops(RequestFields fields)
    {
        if (fields.Find("stop") is not { } stop)
        {
            return;
        }
        var all = stop.ValueKind == JsonValueKind.Array ? stop.EnumerateArray().ToList() : [stop];
        if (all.Count > 4 || all.Exists(s => s.ValueKind != JsonValueKind.String))
        {
            throw fields.Invalid("stop", "'stop' must be a string or an array of at most 4 strings.");
        }
        Generation.Stops.AddRange(all.Select(s => Encoding.UTF8.GetBytes(s.GetString()!)).Where(s => s.Length > 0));
    }
}
