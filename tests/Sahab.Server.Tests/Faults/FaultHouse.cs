using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Faults;

/// <summary>
/// Clouds that take their time and have little room, and a server that loses patience soon: an azure-like cloud that
/// does not bill what it breaks off, and a vLLM-like one that bills it and tells its usage with every chunk.
/// </summary>
internal static class FaultHouse
{
    /// <summary>Emulated seconds in one real second.</summary>
    public const double Speed = 4;

    /// <summary>Seconds of the trace in one real second, so that it loads the clouds as said below.</summary>
    public const double TraceSpeed = 3.4;

    /// <summary>Sequences of each of the four deployments: the trace keeps some 70 % of them busy.</summary>
    public const int Concurrency = 3;

    /// <summary>
    /// Seconds that a call may take: far more than any needs, so that only a call that hangs reaches it, and not one on
    /// a machine that is busy with other things.
    /// </summary>
    const int DeadlineSeconds = 150;

    /// <param name="firstByte">How long the server waits for an answer to begin.</param>
    /// <param name="betweenChunks">How long it bears silence in the middle of one.</param>
    public static string Yaml(string firstByte = "120s", string betweenChunks = "120s") => $$"""
        server: { call_deadline: {{DeadlineSeconds}}s }
        providers:
          azure:
            credentials: { env: CLOUD_KEY }
            broken_streams: unbilled
            timeouts: { connect: 20s, first_byte: {{firstByte}}, between_chunks: {{betweenChunks}} }
            regions:
              us: { country: US, base_url: "{azure}/us/v1" }
              no: { country: "NO", base_url: "{azure}/no/v1" }
          own:
            credentials: { env: CLOUD_KEY }
            running_usage: true
            broken_streams: billed
            timeouts: { connect: 20s, first_byte: {{firstByte}}, between_chunks: {{betweenChunks}} }
            regions:
              us: { country: US, base_url: "{own}/us/v1" }
              no: { country: "NO", base_url: "{own}/no/v1" }
        models:
          small: { context_tokens: 32768, operations: [chat, completions] }
        deployments:
          azure-us: &chat
            provider: azure
            region: us
            model: small
            limits: { concurrency: {{Concurrency}} }
            price: { prompt: 0.15, cached: 0.075, output: 0.6 }
          azure-no: { <<: *chat, region: "no" }
          own-us: { <<: *chat, provider: own }
          own-no: { <<: *chat, provider: own, region: "no" }
        routing:
          policy: weighted-shuffle
          max_attempts: 4
          breaker: { failures: 5, open_for: 500ms, max_open_for: 2s }
        admission: { queue: { max_waiting: 200, max_wait: 4s } }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
          operators:
            keys:
              admin: { secret: { env: ADMIN_KEY }, admin: true }
        """;

    public static EmulatorConfig Clouds() => Samples.TwoClouds() with
    {
        Speed = Speed,
        Latency = Latency.Realistic,
        Models = new()
        {
            ["small"] = new ModelConfig
            {
                ContextTokens = 32_768,
                Capacity = new CapacityConfig { Concurrency = Concurrency, MaxWaiting = 8 },
                Profile = new ProfileConfig { TokensPerSecond = 100 },
            },
            ["vectors"] = new ModelConfig { Kind = ModelKind.Embedding, ContextTokens = 8192, Dimensions = 64 },
        },
    };

    public static Task<TestHouse> StartAsync(string? yaml = null) =>
        TestHouse.StartAsync(yaml ?? Yaml(), Clouds());

    /// <summary>What holds for every call, whatever went wrong.</summary>
    public static void ShouldHaveEndedHonestly(IReadOnlyCollection<CallEnd> calls)
    {
        foreach (var call in calls)
        {
            call.Duration.ShouldBeLessThan(TimeSpan.FromSeconds(DeadlineSeconds + 10), call.ToString());
            if (call.Left)
            {
                continue;
            }

            call.Status.ShouldBeOneOf([200, 429, 503], call.ToString());
            if (call.Status != 200)
            {
                int.Parse(call.RetryAfter!, System.Globalization.CultureInfo.InvariantCulture)
                    .ShouldBeGreaterThan(0, call.ToString());
                call.Error.ShouldNotBeNull().ShouldContain("\"message\"");
            }
            else if (call.Plan.Stream)
            {
                // A stream that broke says so twice, and one that ended well does not: nothing in between.
                (call.IsWhole ? !call.HasErrorEvent && !call.IsBroken : call.HasErrorEvent && call.IsBroken)
                    .ShouldBeTrue(call.ToString());
                if (call.IsWhole && call.Plan.IsExact)
                {
                    call.Pieces.ShouldBe(call.Plan.OutputTokens, call.ToString());
                }
            }
            else
            {
                call.IsWhole.ShouldBeTrue(call.ToString());
            }
        }
    }
}
