using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

public class ConfigReaderTests
{
    [Fact]
    public void What_is_written_is_what_the_records_hold()
    {
        var config = ConfigText.Read(ConfigText.Small + "\n" + """
            server: { listen: 0.0.0.0:9000, max_body_bytes: 2MiB, call_deadline: 90s }
            routing: { policy: weighted-shuffle, breaker: { open_for: 250ms } }
            metering: { journal: { durability: power }, drain: { max_bytes: 1024 } }
            """).Config.ShouldNotBeNull();

        config.Server.ShouldBe(new ServerConfig
        {
            Listen = "0.0.0.0:9000",
            MaxBodyBytes = 2 << 20,
            CallDeadline = TimeSpan.FromSeconds(90),
        });
        config.Routing.Policy.ShouldBe(PolicyName.WeightedShuffle);
        config.Routing.Breaker.OpenFor.ShouldBe(TimeSpan.FromMilliseconds(250));
        config.Metering.Journal.Durability.ShouldBe(Durability.Power);
        config.Metering.Drain.MaxBytes.ShouldBe(1024);
        config.Providers.Select(provider => provider.Id).ShouldBe(["azure", "own"]);
        config.Deployments[0].Price.ShouldBe(new PriceConfig { Prompt = 0.15m, Cached = 0.075m, Output = 0.6m });
        config.Deployments[1].Capacity.ShouldBe(CapacityKind.Reserved);
        config.FindRegion(config.Deployments[1])!.Country.ShouldBe("US");
        config.FindModel("default")!.Id.ShouldBe("gpt-oss-120b");
        config.FindModel("nothing").ShouldBeNull();
        config.Tenants[0].Keys[0].Secret.Hash.ShouldBe(Secret.HashOf("sk-demo"));
        config.Providers[0].Credentials!.Value!.Reveal().ShouldBe("made-up-AZURE_API_KEY");
    }

    [Fact]
    public void What_is_left_out_has_the_contract_s_defaults()
    {
        var config = ConfigText.Read(ConfigText.Small).Config.ShouldNotBeNull();

        config.Server.MaxBodyBytes.ShouldBe(20_971_520);
        config.Server.CallDeadline.ShouldBe(TimeSpan.FromMinutes(10));
        config.Providers[0].Timeouts.ShouldBe(new TimeoutsConfig
        {
            Connect = TimeSpan.FromSeconds(5),
            FirstByte = TimeSpan.FromSeconds(120),
            BetweenChunks = TimeSpan.FromSeconds(30),
        });
        config.Models[0].Operations.ShouldBe([Operation.ChatCompletions]);
        config.Models[0].Capabilities.HasFlag(Capabilities.Tools).ShouldBeTrue();
        config.Models[0].Capabilities.HasFlag(Capabilities.Vision).ShouldBeFalse();
        config.Tenants[0].Keys[0].MaxTier.ShouldBe(ServiceTier.Priority);
        config.Tenants[0].Keys[0].Countries.ShouldBeNull();
        config.Admission.Queue.MaxWaiting.ShouldBe(1000);
    }

    [Fact]
    public void Words_of_lists_become_flags_and_arrays()
    {
        var model = ConfigText.Read(ConfigText.With(
            "{ context_tokens: 131072 }", "{ capabilities: [vision, json_schema], operations: [completions, chat] }"))
            .Config.ShouldNotBeNull().Models[0];

        model.Capabilities.ShouldBe(Capabilities.Vision | Capabilities.JsonSchema);
        model.Operations.ShouldBe([Operation.Completions, Operation.ChatCompletions]);
    }

    [Fact]
    public void Anchors_may_be_merged_and_what_stands_in_the_map_wins()
    {
        var config = ConfigText.Read(ConfigText.With("limits: { concurrency: 8 }\n    price: { prompt: 0.15",
            "limits: { <<: *few, concurrency: 9 }\n    price: { prompt: 0.15")
            .Insert(0, "x-limits: &few { concurrency: 4, tokens_per_minute: 700 }\n")).Config.ShouldNotBeNull();

        config.Deployments[0].Limits.ShouldBe(new LimitsConfig { Concurrency = 9, TokensPerMinute = 700 });
    }

    [Theory]
    [InlineData("region: eastus", "region: eastsu", "deployments.azure-eastus.region", "Did you mean eastus?")]
    [InlineData("provider: own", "provider: owm", "deployments.own-abilene.provider", "Did you mean own?")]
    [InlineData("    model: gpt-oss-120b\n    limits: { concurrency: 8 }\n    price: { prompt: 0.15",
        "    model: gpt-oss-12b\n    limits: { concurrency: 8 }\n    price: { prompt: 0.15",
        "deployments.azure-eastus.model", "Did you mean gpt-oss-120b?")]
    [InlineData("    model: gpt-oss-120b\n    limits: { concurrency: 8 }\n    price: { prompt: 0.15",
        "    model: default\n    limits: { concurrency: 8 }\n    price: { prompt: 0.15",
        "deployments.azure-eastus.model", "Name the model itself: gpt-oss-120b.")]
    [InlineData("default: gpt-oss-120b", "default: gpt-oss", "aliases.default", "The models and aliases: gpt-oss-120b")]
    [InlineData("default: gpt-oss-120b", "gpt-oss-120b: gpt-oss-120b", "aliases.gpt-oss-120b", "never be reached")]
    [InlineData("default: gpt-oss-120b", "one: two\n  two: one", "aliases.one", "one -> two -> one")]
    [InlineData("{ context_tokens: 131072 }", "{ operations: [chat, speach] }", "models.gpt-oss-120b.operations[1]",
        "Did you mean speech?")]
    [InlineData("prompt: 0.15", "prompt: -1", "deployments.azure-eastus.price.prompt", "from 0 to 1000000")]
    [InlineData("prompt: 0.15", "promt: 0.15", "deployments.azure-eastus.price.promt", "Did you mean prompt?")]
    [InlineData("prompt: 0.15, ", "", "deployments.azure-eastus.price", "the key prompt is missing")]
    [InlineData("prompt: 0.15", "prompt: \"0.15\"", "deployments.azure-eastus.price.prompt", "quotes make a text of it")]
    [InlineData("concurrency: 8 }\n    capacity", "concurrency: many }\n    capacity",
        "deployments.own-abilene.limits.concurrency", "\"many\" is not a whole number")]
    [InlineData("capacity: reserved", "capacity: reservd", "deployments.own-abilene.capacity", "Did you mean reserved?")]
    [InlineData("country: US, base_url: https", "country: UK, base_url: https",
        "providers.azure.regions.eastus.country", "Did you mean GB (United Kingdom)?")]
    [InlineData("country: US, base_url: https", "country: norwey, base_url: https",
        "providers.azure.regions.eastus.country", "Did you mean NO (Norway)?")]
    [InlineData("country: US, base_url: https", "country: us, base_url: https",
        "providers.azure.regions.eastus.country", "Did you mean US (United States)?")]
    [InlineData("https://azure.example/v1", "ftp://azure.example/v1",
        "providers.azure.regions.eastus.base_url", "absolute http or https URL")]
    [InlineData("https://azure.example/v1", "/v1",
        "providers.azure.regions.eastus.base_url", "absolute http or https URL")]
    [InlineData("requests_per_minute: 60", "requests_per_minute: 0",
        "tenants.demo.keys.demo.limits.requests_per_minute", "from 1 to 100000000")]
    [InlineData("aliases:\n  default: gpt-oss-120b", "aliases: [a]", "aliases", "a list is not valid here")]
    [InlineData("aliases:\n  default: gpt-oss-120b", "aliases:", "aliases", "the key has no value")]
    [InlineData("limits: { requests_per_minute: 60 }", "models: [gpt-oss-120]",
        "tenants.demo.keys.demo.models[0]", "Did you mean gpt-oss-120b?")]
    [InlineData("limits: { requests_per_minute: 60 }", "countries: [FR]",
        "tenants.demo.keys.demo.countries", "no deployment of any model stands in FR")]
    [InlineData("limits: { requests_per_minute: 60 }", "countries: [FR]\n        models: [default]",
        "tenants.demo.keys.demo.models[0]", "no deployment of gpt-oss-120b stands in FR")]
    [InlineData("limits: { requests_per_minute: 60 }", "countries: [NO, NO]",
        "tenants.demo.keys.demo.countries[1]", "stands here twice")]
    [InlineData("limits: { requests_per_minute: 60 }", "countries: []",
        "tenants.demo.keys.demo.countries", "forbids every country")]
    [InlineData("context_tokens: 131072", "context_tokens: 10, max_output_tokens: 11",
        "models.gpt-oss-120b.max_output_tokens", "at most 10")]
    [InlineData("  azure-eastus:\n", "  Azure East:\n", "deployments.Azure East", "lower-case letters")]
    [InlineData("env: AZURE_API_KEY", "env: MISSING_KEY", "providers.azure.credentials.env",
        "the environment variable MISSING_KEY is not set")]
    [InlineData("env: AZURE_API_KEY", "file: nowhere/at/all", "providers.azure.credentials.file",
        "the file named here does not exist")]
    [InlineData("env: AZURE_API_KEY", "env: AZURE_API_KEY, file: key.txt", "providers.azure.credentials",
        "this one has several")]
    [InlineData("{ env: AZURE_API_KEY }", "{}", "providers.azure.credentials", "the secret has no source")]
    public void An_error_names_its_key_and_the_remedy(string old, string replacement, string key, string part)
    {
        var reading = ConfigText.Read(ConfigText.With(old, replacement));

        reading.Config.ShouldBeNull();
        var error = reading.Errors.FirstOrDefault(error => error.Key == key).ShouldNotBeNull(
            string.Join('\n', reading.Errors));
        error.ToString().ShouldContain(part);
        error.Line.ShouldBeGreaterThan(0);
        reading.Errors.Length.ShouldBeLessThanOrEqualTo(2);
    }

    [Theory]
    [InlineData("server: { listen: localhost }", "server.listen")]
    [InlineData("server: { listen: 127.0.0.1 }", "server.listen")]
    [InlineData("server: { call_deadline: 90 }", "server.call_deadline")]
    [InlineData("server: { call_deadline: 2d }", "server.call_deadline")]
    [InlineData("server: { call_deadline: 48h }", "server.call_deadline")]
    [InlineData("server: { max_body_bytes: 20MB }", "server.max_body_bytes")]
    [InlineData("routing: { prefix_affinity: yes }", "routing.prefix_affinity")]
    [InlineData("routing: { max_attempts: 1.5 }", "routing.max_attempts")]
    [InlineData("routing: { breaker: { open_for: 10s, max_open_for: 5s } }", "routing.breaker.open_for")]
    [InlineData("metering: { store: { sqlite: a.db, postgres: { env: DEMO_KEY } } }", "metering.store")]
    [InlineData("metering: { store: { postgres: { sha256: \"00\" } } }", "metering.store.postgres.sha256")]
    [InlineData("servers: {}", "servers")]
    public void A_wrong_value_is_an_error_at_its_key(string line, string key)
    {
        var reading = ConfigText.Read(line + "\n" + ConfigText.Small);

        reading.Errors.ShouldHaveSingleItem().Key.ShouldBe(key);
        reading.Errors[0].Line.ShouldBe(1);
    }

    [Theory]
    [InlineData("anthropic", "[chat, speech]", "speech", "with dialect openai or azure,")]
    [InlineData("bedrock", "[transcriptions, translations]", "transcriptions, translations", "with dialect openai or azure,")]
    [InlineData("azure", "[image-edits, image-variations]", "image-variations", "with dialect openai,")]
    [InlineData("azure", "[moderations, speech]", "moderations", "with dialect openai,")]
    [InlineData("azure", "[image-generations, image-edits, transcriptions, translations, speech]", null, null)]
    [InlineData("openai", "[moderations, image-generations, image-edits, image-variations, speech]", null, null)]
    public void A_cloud_that_does_not_know_an_operation_of_its_model_is_an_error_at_the_deployment(
        string dialect, string operations, string? unknown, string? remedy)
    {
        var reading = ConfigText.Read(ConfigText.Small
            .Replace("  azure:\n", $"  azure:\n    dialect: {dialect}\n", StringComparison.Ordinal)
            .Replace("{ context_tokens: 131072 }", $"{{ operations: {operations} }}", StringComparison.Ordinal));

        if (unknown is null)
        {
            reading.Errors.ShouldBeEmpty();
            return;
        }

        var error = reading.Errors.ShouldHaveSingleItem();
        error.Key.ShouldBe("deployments.azure-eastus.provider");
        error.Line.ShouldBe(14);
        error.ToString().ShouldContain($"serves {unknown}, which the dialect {dialect} does not know");
        error.ToString().ShouldContain(remedy!);
    }

    [Fact]
    public void Every_error_is_told_at_once_each_with_its_line_and_column()
    {
        var reading = ConfigText.Read(ConfigText.Small
            .Replace("country: US, base_url: http:", "country: XX, base_url: http:", StringComparison.Ordinal)
            .Replace("    region: eastus", "    region: westus", StringComparison.Ordinal)
            .Replace("prompt: 0.15", "prompt: -0.15", StringComparison.Ordinal)
            .Replace("default: gpt-oss-120b", "default: gpt-4", StringComparison.Ordinal)
            .Replace("requests_per_minute: 60", "requests_per_hour: 60", StringComparison.Ordinal));

        reading.Errors.Select(error => (error.Line, error.Column, error.Key)).ShouldBe(
        [
            (8, 27, "providers.own.regions.abilene.country"),
            (14, 13, "deployments.azure-eastus.region"),
            (17, 22, "deployments.azure-eastus.price.prompt"),
            (26, 12, "aliases.default"),
            (32, 19, "tenants.demo.keys.demo.limits.requests_per_hour"),
        ]);
        reading.Errors[0].ToString().ShouldStartWith("sahab.yaml:8:27: error: providers.own.regions.abilene.country: ");
    }

    [Fact]
    public void A_key_that_stands_twice_is_an_error_at_the_second()
    {
        var error = ConfigText.Read(ConfigText.Small + "\nserver: {}\nserver: {}").Errors.ShouldHaveSingleItem();

        error.Message.ShouldBe("the key stands here twice, first in line 33");
        error.Line.ShouldBe(34);
    }

    [Fact]
    public void Two_keys_with_the_same_secret_are_an_error()
    {
        var hash = Secret.HashOf("sk-demo").ToUpperInvariant();
        var reading = ConfigText.Read(ConfigText.Small + $"\n      other: {{ secret: {{ sha256: {hash} }} }}");

        var error = reading.Errors.ShouldHaveSingleItem();
        error.Key.ShouldBe("tenants.demo.keys.other.secret");
        error.Message.ShouldBe("tenants.demo.keys.demo has the same secret");
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void At_most_64_deployments_serve_a_model(int count, bool isValid)
    {
        var more = string.Concat(Enumerable.Range(0, count - 2).Select(number => $$"""
              more-{{number}}: { provider: own, region: abilene, model: gpt-oss-120b, price: { prompt: 1, output: 1 } }

            """));

        var reading = ConfigText.Read(ConfigText.With("aliases:\n", $"{more}aliases:\n"));

        (reading.Config is not null).ShouldBe(isValid);
        reading.Errors.Select(error => error.Key).ShouldBe(isValid ? [] : ["models.gpt-oss-120b"]);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("- a", "the file holds a list")]
    [InlineData("a: b: c", "this is not YAML")]
    [InlineData("a: [1", "this is not YAML")]
    [InlineData("a: 1\n---\nb: 2", "a second document begins here")]
    [InlineData("a: *b", "no anchor &b stands above")]
    [InlineData("a: &b [*b]", "no anchor &b stands above")]
    [InlineData("? [a]\n: b", "a key is a list")]
    [InlineData("models: !!python/name:os.system {}", "the tag")]
    public void What_is_no_configuration_at_all_is_said_so(string text, string part) =>
        ConfigText.Read(text).Errors.ShouldContain(error => error.Message.Contains(part, StringComparison.Ordinal));

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        ConfigText.Read("x-a: " + new string('[', 100) + new string(']', 100)).Errors
            .ShouldContain(error => error.Message.Contains("nested deeper", StringComparison.Ordinal));

        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[ConfigReader.MaxBytes + 1]);
            new ConfigReader(ConfigText.Environment).Read(path).Errors.ShouldHaveSingleItem()
                .Message.ShouldBe("the file is larger than 4 MiB");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Aliases_that_multiply_each_other_stay_small()
    {
        var lines = Enumerable.Range(1, 30).Select(level => $"x-{level}: &a{level} [*a{level - 1}, *a{level - 1}]");

        ConfigText.Read("x-0: &a0 [1, 2]\n" + string.Join('\n', lines) + "\nmodels: *a30").Errors
            .ShouldContain(error => error.Key == "models" && error.Message == "a list is not valid here");
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error() =>
        new ConfigReader(ConfigText.Environment).Read("/nowhere/sahab.yaml").Errors.ShouldHaveSingleItem().ToString()
            .ShouldStartWith("/nowhere/sahab.yaml: error: the file does not exist.");

    [Fact]
    public void A_byte_order_mark_is_no_harm_and_bytes_that_are_not_UTF_8_are_an_error()
    {
        ConfigText.Read("\uFEFF" + ConfigText.Small).Errors.ShouldBeEmpty();

        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [0x61, 0x3A, 0x20, 0xFF]);
            new ConfigReader(ConfigText.Environment).Read(path).Errors.ShouldHaveSingleItem()
                .Message.ShouldBe("the file is not UTF-8");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
