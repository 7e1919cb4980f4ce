using FsCheck;
using FsCheck.Fluent;
using Sahab.Emulator.Configuration;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

public class SampleTests
{
    static readonly string SamplePath = Path.Combine(ConfigText.Root, "samples", "six-clouds", "sahab.yaml");

    [Fact]
    public void The_sample_is_valid_and_warns_only_of_calls_that_may_leave_the_country()
    {
        var reading = new ConfigReader(ConfigText.Environment).Read(SamplePath);

        reading.Errors.ShouldBeEmpty();
        reading.Warnings.ShouldAllBe(
            warning => warning.Message.Contains("a fallback may leave the country", StringComparison.Ordinal));
    }

    [Fact]
    public void The_sample_serves_its_main_model_at_eight_places_at_least_and_knows_the_demo_key()
    {
        var config = new ConfigReader(ConfigText.Environment).Read(SamplePath).Config.ShouldNotBeNull();

        config.Deployments.Count(deployment => deployment.Model == "gpt-oss-120b").ShouldBeGreaterThanOrEqualTo(8);
        config.Providers.Select(provider => (provider.Id, provider.RunningUsage, provider.BrokenStreams)).ShouldBe(
        [
            ("azure", false, BrokenStreams.Unbilled), ("google", false, BrokenStreams.Unbilled),
            ("aws", false, BrokenStreams.Unbilled), ("oracle", false, BrokenStreams.Unbilled),
            ("coreweave", true, BrokenStreams.Billed), ("own", true, BrokenStreams.Billed),
        ]);
        var keys = config.Tenants.SelectMany(tenant => tenant.Keys).ToDictionary(key => key.Id);
        keys["demo"].Secret.Hash.ShouldBe(Secret.HashOf("sk-sahab-demo"));
        keys["demo"].Countries.ShouldBeNull();
        keys["nordic"].Countries!.Value.ShouldBe(["NL", "NO"]);
        keys["tight"].Limits.RequestsPerMinute.ShouldBe(100);
        keys["tight"].Limits.TokensPerMinute.ShouldBe(50_000);
        keys["admin"].Admin.ShouldBeTrue();
        keys["admin"].Secret.Env.ShouldBe("SAHAB_ADMIN_KEY");
    }

    /// <summary>The two files of the sample are written apart, and one without the other serves nothing.</summary>
    [Fact]
    public void Every_deployment_stands_in_the_emulated_clouds_with_its_port_country_key_and_capacity()
    {
        var config = new ConfigReader(ConfigText.Environment).Read(SamplePath).Config.ShouldNotBeNull();
        var clouds = EmulatorYaml.Load(Path.Combine(ConfigText.Root, "samples", "six-clouds", "emulator.yaml")).Clouds;

        config.Providers.Select(provider => provider.Id).ShouldBe(clouds.Keys, ignoreOrder: true);
        foreach (var provider in config.Providers)
        {
            var cloud = clouds[provider.Id];
            provider.RunningUsage.ShouldBe(cloud.RunningUsage);
            (provider.BrokenStreams == BrokenStreams.Billed).ShouldBe(cloud.BillsBrokenStreams);
            provider.Regions.Select(region => (region.Id, region.Country, region.BaseUrl)).ShouldBe(
                cloud.Regions.Select(pair => (
                    pair.Key, pair.Value.Country, $"http://127.0.0.1:{cloud.Port}/{pair.Key}{VersionOf(provider.Dialect)}")),
                ignoreOrder: true);
        }

        foreach (var deployment in config.Deployments)
        {
            var cloud = clouds[deployment.Provider];
            (cloud.Regions[deployment.Region].Models ?? [.. cloud.Models.Keys]).ShouldContain(deployment.Model);
            var capacity = cloud.Models[deployment.Model].Capacity.ShouldNotBeNull();
            deployment.Limits.ShouldBe(
                new LimitsConfig
                {
                    RequestsPerMinute = capacity.RequestsPerMinute,
                    TokensPerMinute = capacity.TokensPerMinute,
                    Concurrency = capacity.Concurrency,
                },
                deployment.Id);
        }
    }

    [Fact]
    public void Without_its_environment_the_sample_says_which_variables_are_missing()
    {
        var reading = new ConfigReader(_ => null).Read(SamplePath);

        string[] names =
        [
            "AZURE_API_KEY", "GOOGLE_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ORACLE_API_KEY",
            "COREWEAVE_API_KEY", "OWN_API_KEY", "SAHAB_ADMIN_KEY",
        ];
        reading.Errors.Select(error => error.Message).ShouldBe(
            names.Select(name => $"the environment variable {name} is not set, or empty"));
        new ConfigReader(_ => null, lookUpSecrets: false).Read(SamplePath).Errors.ShouldBeEmpty();
    }

    /// <summary>Whatever happens to the text, reading it ends, and what it complains of lies in the file.</summary>
    [Fact]
    public void No_damage_to_the_text_makes_the_reader_fail()
    {
        var sample = File.ReadAllText(SamplePath);
        var lines = sample.Split('\n').Length;
        var damages = Gen.Choose(0, 5).SelectMany(kind => Gen.Choose(0, sample.Length - 60)
            .SelectMany(start => Gen.Choose(1, 50).Select(length => (kind, start, length))));

        Prop.ForAll(damages.ArrayOf().Where(list => list.Length is > 0 and < 6).ToArbitrary(), list =>
        {
            var reading = ConfigText.Read(list.Aggregate(sample, Damage));
            (reading.Config is null).ShouldBe(reading.Errors.Length > 0);
            reading.Problems.ShouldAllBe(problem => problem.Line >= 0 && problem.Line <= lines + 10);
            reading.Problems.ShouldAllBe(problem => problem.Remedy.Length > 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    /// <summary>What follows the region in the base URL of each dialect.</summary>
    static string VersionOf(Dialect dialect) => dialect switch
    {
        Dialect.Azure or Dialect.Oci => "/openai/v1",
        Dialect.Bedrock => "",
        _ => "/v1",
    };

    static string Damage(string text, (int Kind, int Start, int Length) damage)
    {
        var (kind, start, length) = damage;
        start = Math.Min(start, text.Length - 1);
        length = Math.Min(length, text.Length - start);
        return kind switch
        {
            0 => text.Remove(start, length),
            1 => text.Insert(start, text.Substring(start, length)),
            2 => text.Insert(start, ": "),
            3 => text.Insert(start, "\n"),
            4 => text.Insert(start, "&a *a {[<<:\u0001\uD83D"),
            _ => string.Concat(text[..start], text[start..(start + length)].Replace(' ', '-'), text[(start + length)..]),
        };
    }
}
