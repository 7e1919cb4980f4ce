using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.Configuration;

namespace Sahab.Server.Tests.Govern;

/// <summary>The proof of a configuration: what it refuses, in which words, and that it refuses neither too much nor too little.</summary>
public class ResidencyProofTests
{
    static readonly string[] Places = ["NL", "DE", "NO", "US"];

    [Fact]
    public void A_path_that_could_leave_the_rules_is_named_at_its_place_in_the_file()
    {
        var reading = Read("store_in: [US], usage_in: [eu]", "server: { country: IE }");

        reading.Errors.Length.ShouldBe(3, "stored responses, files, results of batches: each kind once");
        var error = reading.Errors[0].ToString();
        error.ShouldStartWith("sahab.yaml:29:5: error: ");
        error.ShouldContain("tenants.demo.data: model gpt-oss-120b, stored responses: the store is in IE, outside US. Widen store_in");
        error.ShouldContain("keep_for: 0s");
    }

    [Theory]
    [InlineData("process_in: [US]", "", "every call: this node is in a country that is not said, outside US")]
    [InlineData("process_in: [US]", "server: { country: DE }", "every call: this node is in DE, outside US")]
    [InlineData("usage_in: [US]", "server: { country: US }\nmetering: { store: { country: IE } }",
        "records of usage: the store is in IE, outside US")]
    [InlineData("process_in: [US], store_in: [mars]", "server: { country: US }", "no \"mars\" among the countries and zones")]
    [InlineData("process_in: []", "server: { country: US }", "an empty list forbids every country")]
    [InlineData("process_in: [dach, US]", "server: { country: US }\nzones: { dach: [] }", "zone without countries")]
    [InlineData("process_in: [NO]", "server: { country: \"NO\" }", "no deployment of any model stands in NO")]
    public void What_cannot_be_kept_is_refused(string rules, string top, string message) =>
        Read(rules, top).Errors.Select(error => error.ToString()).ShouldContain(error => error.Contains(message));

    [Theory]
    [InlineData("process_in: [US]", "server: { country: US }")]
    [InlineData("process_in: [here]", "server: { country: US }\nzones: { here: [US] }")]
    [InlineData("store_in: [US, eu]", "server: { country: IE }")]
    [InlineData("keep_for: 0s", "")]
    [InlineData("store_in: [eu, US], usage_in: [CH], keep_for: 0s", "server: { country: CH }")]
    public void What_can_be_kept_is_accepted(string rules, string top) => Read(rules, top).Errors.ShouldBeEmpty();

    [Fact]
    public void Export_of_telemetry_is_a_path_where_it_is_on()
    {
        var text = Text("usage_in: [US]", "server: { country: US }");
        string? With(string name) => name == ConfigReader.ExportVariable ? "http://collector:4317" : ConfigText.Environment(name);

        new ConfigReader(ConfigText.Environment).ReadText(text, "sahab.yaml").Errors.ShouldBeEmpty();
        new ConfigReader(With).ReadText(text, "sahab.yaml").Errors.ShouldHaveSingleItem().Message
            .ShouldContain("the export of telemetry: the collector is in a country that is not said, outside US");
        new ConfigReader(With).ReadText(text + "\ntelemetry: { export_country: US }\n", "sahab.yaml").Errors.ShouldBeEmpty();
    }

    [Fact]
    public void No_call_of_an_accepted_configuration_leaves_the_rules_and_no_sound_one_is_refused()
    {
        var (accepted, refused, routed) = (0, 0, 0);
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var world = new World(new RandomSource((ulong)seed));
            var reading = new ConfigReader(name => name == "K" ? "x" : null).ReadText(world.Text, "random.yaml");
            reading.Errors.IsEmpty.ShouldBe(world.IsSound, $"{world.Text}\n{string.Join('\n', reading.Errors)}");

            if (reading.Config is not { } config)
            {
                refused++;
                return true;
            }

            accepted++;
            return world.TakesOnlyAllowed(config, ref routed);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
        accepted.ShouldBeGreaterThan(40);
        refused.ShouldBeGreaterThan(40);
        routed.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Where_another_node_has_accepted_what_this_one_cannot_keep_it_takes_no_such_calls()
    {
        var config = Read("keep_for: 24h", "server: { country: US }").Config!;
        var tables = RuleTables.Empty with
        {
            Rules =
            [
                new StoredRules("acme", "", new DataConfig { ProcessIn = ["eu"] }),
                new StoredRules("fine", "", new DataConfig { ProcessIn = ["US"] }),
            ],
        };

        var book = new RuleBookBuilder(config, tables, exports: false, DateTimeOffset.UnixEpoch).Build();

        book.Organisations["acme"].Refusal!.Code.ShouldBe("data_rules_not_kept");
        book.Organisations["fine"].Refusal.ShouldBeNull();
        book.Leaks.ShouldHaveSingleItem().Scope.ShouldBe("organisation acme");
    }

    static ConfigReading Read(string rules, string top) => ConfigText.Read(Text(rules, top));

    static string Text(string rules, string top) => ConfigText.With(
        "demo:\n    keys:", $"demo:\n    data: {{ {rules} }}\n    keys:") + "\n" + top + "\n";

    /// <summary>A random configuration, and by simple sets what may happen under it.</summary>
    sealed class World
    {
        readonly HashSet<string>? _process;
        readonly HashSet<string>? _store;
        readonly HashSet<string>? _usage;
        readonly HashSet<string>? _key;
        readonly Dictionary<string, string> _deployments = new(StringComparer.Ordinal);
        RandomSource _random;

        public World(RandomSource random)
        {
            _random = random;
            var (process, store, usage) = (NextRule(), NextRule(), NextRule());
            var (node, storePlace) = (NextPlace(), NextPlace());
            var keepsNothing = _random.NextInt32(3) == 0;
            var keyCountries = _random.NextInt32(3) == 0 ? NextRule() : null;
            (_process, _store, _key) = (process?.ToHashSet(), store?.ToHashSet(), keyCountries?.ToHashSet());
            _usage = (usage ?? store)?.ToHashSet();
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $$"""
                server: { country: "{{node}}" }
                metering: { store: { country: "{{storePlace}}" } }
                models: { m: { context_tokens: 8192 } }
                aliases: { n: m }
                providers:
                  p:
                    regions:

                """);
            var deployments = new StringBuilder("deployments:\n");
            for (var number = 0; number < 4; number++)
            {
                var place = NextPlace();
                _deployments.Add($"d{number}", place);
                text.Append(CultureInfo.InvariantCulture, $"      r{number}: {{ country: \"{place}\", base_url: \"http://127.0.0.1:1/{number}\" }}\n");
                deployments.Append(CultureInfo.InvariantCulture, $"  d{number}: {{ provider: p, region: r{number}, model: m, price: {{ prompt: 1, output: 1 }} }}\n");
            }

            text.Append(deployments).Append("tenants:\n  t:\n    data: { ");
            Write("process_in", process);
            Write("store_in", store);
            Write("usage_in", usage);
            text.Append(CultureInfo.InvariantCulture, $"keep_for: {(keepsNothing ? "0s" : "24h")} }}\n    keys:\n      k: {{ secret: {{ env: K }}");
            if (keyCountries is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $", countries: [{string.Join(", ", keyCountries.Select(place => $"\"{place}\""))}]");
            }

            Text = text.Append(" }\n").ToString();
            var isKept = keepsNothing || (Within(_store, node) && Within(_store, storePlace));
            IsSound = Within(_process, node) && isKept && Within(_usage, node) && Within(_usage, storePlace)
                && _deployments.Values.Any(MayGo) && _deployments.Values.Any(place => Within(_key, place));

            void Write(string name, List<string>? places)
            {
                if (places is not null)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}: [{string.Join(", ", places.Select(place => $"\"{place}\""))}], ");
                }
            }
        }

        public string Text { get; }

        /// <summary>Whether no path leaks, and the key can go somewhere.</summary>
        public bool IsSound { get; }

        /// <summary>Routes calls with all their fallbacks, and looks where they went: everywhere they may, and nowhere else.</summary>
        public bool TakesOnlyAllowed(SahabConfig config, ref int routed)
        {
            var routing = SnapshotBuilder.BuildRouting(config, previous: null);
            var rules = new RuleBookBuilder(config, RuleTables.Empty, exports: false, DateTimeOffset.UnixEpoch)
                .Build().Organisations["t"];
            var key = _key is null ? CountrySet.All : CountrySet.FromCodes(_key.Select(code => CountryCode.Parse(code)));
            foreach (var name in (string[])["m", "n"])
            {
                routing.TryGetModel(name, out var route);
                var request = new RouteRequest { Route = route!, Countries = key.And(rules.Attempts), PromptTokens = 10, OutputTokens = 10 };
                var been = new HashSet<string>(StringComparer.Ordinal);
                for (var decision = Router.Decide(request, routing.Profile, 1, ref _random); decision.Choice is { } choice;
                    decision = Router.Decide(request, routing.Profile, 1, ref _random))
                {
                    routed++;
                    been.Add(choice.Spec.Id);
                    request = request with { Tried = request.Tried | decision.PositionBit };
                }

                if (!been.SetEquals(_deployments.Where(pair => MayGo(pair.Value)).Select(pair => pair.Key)))
                {
                    return false;
                }
            }

            return true;
        }

        bool MayGo(string place) => Within(_process, place) && Within(_store, place) && Within(_key, place);

        static bool Within(HashSet<string>? places, string place) => places is null || places.Contains(place);

        string NextPlace() => Places[_random.NextInt32(Places.Length)];

        List<string>? NextRule()
        {
            if (_random.NextInt32(3) == 0)
            {
                return null;
            }

            var mask = 1 + _random.NextInt32((1 << Places.Length) - 1);
            return [.. Places.Where((_, index) => (mask & (1 << index)) != 0)];
        }
    }
}
