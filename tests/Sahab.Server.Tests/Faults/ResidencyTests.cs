using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Sahab.Routing.Decisions;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Faults;

/// <summary>
/// No attempt of a call reaches a country that its key may not use: under random configurations that replace one
/// another while calls run, wait and fail over, and judged by what the clouds themselves saw. The same over the
/// router alone, for many more cases, is in the tests of Sahab.Routing.
/// </summary>
public sealed class ResidencyTests(ITestOutputHelper output)
{
    static readonly string[] Places = ["NL", "NO", "US", "DE", "JP"];

    [Fact]
    public Task No_call_is_ever_attempted_where_its_key_may_not_go() => RunAsync(seeds: 2, reloads: 8, callers: 12);

    [Fact]
    [Trait("Suite", "All")]
    public Task No_call_is_ever_attempted_where_its_key_may_not_go_for_long() =>
        RunAsync(seeds: 20, reloads: 25, callers: 24);

    async Task RunAsync(int seeds, int reloads, int callers)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            await RunAsync((ulong)seed, reloads, callers);
        }
    }

    async Task RunAsync(ulong seed, int reloads, int callers)
    {
        await using var cloud = await RecordingCloud.StartAsync();
        var folder = Directory.CreateTempSubdirectory("sahab-residency-");
        var random = new RandomSource(seed);
        var world = new World(cloud.Address);
        var breaches = new ConcurrentQueue<string>();
        cloud.Judge = seen =>
        {
            if (!world.MayGo(seen))
            {
                breaches.Enqueue($"{seen.User} at {seen.Place}");
            }
        };
        var reader = new ConfigReader(name => name);
        var state = new ConfigurationState(
            reader.ReadText(world.Next(ref random), "first.yaml"), TimeProvider.System);
        await using (var server = await SahabServer.StartAsync(
            new SahabServerOptions
            {
                Configuration = state,
                DataFolder = folder.FullName,
                Listen = "127.0.0.1:0",
                Seed = seed,
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Error,
            },
            CancellationToken.None))
        {
            using var ended = new CancellationTokenSource();
            var calling = Enumerable.Range(0, callers)
                .Select(caller => KeepCallingAsync(server.Address, world, caller, ended.Token)).ToList();
            // A machine that is busy with other things may make few calls in that time.
            for (var reload = 0; reload < reloads || (!HasProved(cloud) && reload < reloads * 10); reload++)
            {
                await Task.Delay(100 + random.NextInt32(300));
                cloud.FaultsPerHundred = 20 + random.NextInt32(80);
                var reading = reader.ReadText(world.Next(ref random), $"reload-{reload}.yaml");
                state.TryApply(reading).ShouldBeTrue(string.Join('\n', reading.Problems));
                world.Applied();
            }

            await ended.CancelAsync();
            var statuses = (await Task.WhenAll(calling)).SelectMany(list => list).ToList();
            output.WriteLine($"seed {seed}: {statuses.Count} calls, {cloud.Seen.Count} attempts at the clouds; "
                + string.Join(", ", statuses.GroupBy(status => status).OrderBy(group => group.Key)
                    .Select(group => $"{group.Key}: {group.Count()}")));
        }

        folder.Delete(recursive: true);
        breaches.ShouldBeEmpty();
        HasProved(cloud).ShouldBeTrue();
    }

    /// <summary>Whether calls with a rule and calls elsewhere were seen: otherwise nothing is proved.</summary>
    static bool HasProved(RecordingCloud cloud) =>
        cloud.Seen.Count(seen => seen.User.StartsWith("nordic", StringComparison.Ordinal)) > 10
        && cloud.Seen.Count(seen => seen.Place is not ("NL" or "NO")) > 10;

    static async Task<List<int>> KeepCallingAsync(Uri address, World world, int caller, CancellationToken ended)
    {
        var key = World.Keys[caller % World.Keys.Length];
        var statuses = new List<int>();
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        for (var turn = 0; !ended.IsCancellationRequested; turn++)
        {
            var mark = string.Create(CultureInfo.InvariantCulture, $"{key}:{world.Version}");
            var stream = turn % 2 == 0 ? "true" : "false";
            var tier = turn % 3 == 0 ? "flex" : "auto";
            using var body = new StringContent(
                $$"""
                {"model":"m","user":"{{mark}}","stream":{{stream}},"service_tier":"{{tier}}","max_tokens":5,
                "messages":[{"role":"user","content":"May this leave the country?"}]}
                """,
                Encoding.UTF8, "application/json");
            try
            {
                using var response = await client.PostAsync("/v1/chat/completions", body, ended);
                _ = await response.Content.ReadAsStringAsync(ended);
                statuses.Add((int)response.StatusCode);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException
                or OperationCanceledException)
            {
                // The client's own end, or a stream that broke.
                statuses.Add(0);
            }
        }

        return statuses;
    }

    /// <summary>The configurations that follow one another, and what each key may do under each.</summary>
    sealed class World(Uri cloud)
    {
        /// <summary>Two with a rule that stays, one without, and one whose rule changes with every reload.</summary>
        public static readonly string[] Keys = ["nordic", "german", "free", "moody"];

        readonly List<string[]> _moods = [];
        int _applied;

        /// <summary>The last configuration that is surely in force.</summary>
        public int Version => Volatile.Read(ref _applied);

        public void Applied() => Interlocked.Increment(ref _applied);

        /// <summary>
        /// Whether the key's rule lets a request go there. A call lives under the configuration with which it was
        /// admitted: for a rule that changes, any in force since it was sent may be that one.
        /// </summary>
        public bool MayGo(SeenRequest seen)
        {
            var parts = seen.User.Split(':');
            switch (parts[0])
            {
                case "nordic":
                    return seen.Place is "NL" or "NO";
                case "german":
                    return seen.Place == "DE";
                case "free":
                    return true;
                default:
                    var sent = int.Parse(parts[1], CultureInfo.InvariantCulture);
                    lock (_moods)
                    {
                        return _moods.Skip(sent).Any(mood => mood.Contains(seen.Place));
                    }
            }
        }

        /// <summary>Another configuration: other deployments, limits, policies and rules, the same names.</summary>
        public string Next(ref RandomSource random)
        {
            var one = random.NextInt32(Places.Length);
            var other = (one + 1 + random.NextInt32(Places.Length - 1)) % Places.Length;
            string[] mood = [Places[one], Places[other]];
            lock (_moods)
            {
                _moods.Add(mood);
            }

            string[] policies =
                ["balanced", "weighted-shuffle", "least-busy", "lowest-latency", "lowest-price", "priority-order"];
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $$"""
                server: { call_deadline: 5s }
                routing:
                  policy: {{policies[random.NextInt32(policies.Length)]}}
                  max_attempts: {{1 + random.NextInt32(5)}}
                  breaker: { failures: {{1 + random.NextInt32(4)}}, open_for: 100ms, max_open_for: 300ms }
                admission: { queue: { max_waiting: {{random.NextInt32(20)}}, max_wait: 400ms } }
                models:
                  m: { context_tokens: 8192, operations: [chat] }
                providers:

                """);
            var deployments = new StringBuilder("deployments:\n");
            for (var provider = 0; provider < 2; provider++)
            {
                text.Append(CultureInfo.InvariantCulture, $$"""
                      p{{provider}}:
                        timeouts: { connect: 1s, first_byte: 300ms, between_chunks: 300ms }
                        regions:

                    """);
                AddRegions(ref random, provider, mood[0], text, deployments);
            }

            text.Append(deployments).Append(CultureInfo.InvariantCulture, $$"""
                tenants:
                  all:
                    keys:
                      nordic: { secret: { sha256: "{{Hash("nordic")}}" }, countries: [NL, "NO"] }
                      german: { secret: { sha256: "{{Hash("german")}}" }, countries: [DE] }
                      free: { secret: { sha256: "{{Hash("free")}}" } }
                      moody: { secret: { sha256: "{{Hash("moody")}}" }, countries: ["{{mood[0]}}", "{{mood[1]}}"] }

                """);
            return text.ToString();
        }

        void AddRegions(
            ref RandomSource random, int provider, string mood, StringBuilder regions, StringBuilder deployments)
        {
            // The same ids stand for other countries in the next configuration: state that is carried over by id
            // must not carry the country over.
            for (var region = 0; region < 4; region++)
            {
                // Every key has at least one place to go to, or the configuration would be refused.
                var place = (provider, region) switch
                {
                    (_, 0) => Places[random.NextInt32(2)],
                    (0, 1) => "DE",
                    (1, 1) => mood,
                    _ => Places[random.NextInt32(Places.Length)],
                };
                regions.Append(CultureInfo.InvariantCulture, $$"""
                          r{{region}}: { country: "{{place}}", base_url: "{{cloud}}{{place}}/v1" }

                    """);
                deployments.Append(CultureInfo.InvariantCulture, $$"""
                      d{{provider}}{{region}}:
                        provider: p{{provider}}
                        region: r{{region}}
                        model: m
                        limits: { concurrency: {{1 + random.NextInt32(4)}} }
                        price: { prompt: {{1 + random.NextInt32(9)}}, output: {{1 + random.NextInt32(9)}} }
                        weight: {{1 + random.NextInt32(9)}}
                        priority: {{1 + random.NextInt32(3)}}

                    """);
            }
        }

        static string Hash(string key) => Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }
}
