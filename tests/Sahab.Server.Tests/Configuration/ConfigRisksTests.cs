namespace Sahab.Server.Tests.Configuration;

public class ConfigRisksTests
{
    [Fact]
    public void A_configuration_without_risks_has_no_warnings() =>
        ConfigText.Read(ConfigText.Small).Problems.ShouldBeEmpty();

    [Theory]
    [InlineData("  azure-eastus:\n    provider: azure\n    region: eastus", "  azure-eastus:\n    provider: own\n    region: abilene",
        "models.gpt-oss-120b", "only own serves this model")]
    [InlineData("  gpt-oss-120b: {", "  idle: {}\n  gpt-oss-120b: {", "models.idle", "no deployment serves this model")]
    [InlineData("country: US, base_url: http:", "country: \"NO\", base_url: http:", "models.gpt-oss-120b",
        "a fallback may leave the country: it is deployed in NO, US, and keys without a country rule may use it "
        + "(demo/demo)")]
    [InlineData("limits: { concurrency: 8 }\n    capacity", "capacity", "deployments.own-abilene",
        "reserved capacity without limits")]
    [InlineData("limits: { concurrency: 8 }\n    price: { prompt: 0.15", "price: { prompt: 0.15",
        "deployments.azure-eastus", "no limits: the provider's refusals are the first sign")]
    [InlineData("prompt: 0.15, cached: 0.075, output: 0.6", "prompt: 0, output: 0", "deployments.azure-eastus.price",
        "it costs nothing")]
    [InlineData("cached: 0.075", "cached: 0.3", "deployments.azure-eastus.price.cached", "cost more than uncached")]
    [InlineData("  azure:\n    credentials", "  azure:\n    dialect: anthropic\n    credentials",
        "deployments.azure-eastus.price", "what is written to their cache")]
    [InlineData("\n        limits: { requests_per_minute: 60 }", "", "tenants.demo.keys.demo", "no limits")]
    [InlineData("https://azure.example", "http://azure.example", "providers.azure.regions.eastus.base_url",
        "clear text")]
    [InlineData("    keys:\n      demo:\n        secret: { env: DEMO_KEY }\n        limits: { requests_per_minute: 60 }",
        "    name: Demo", "tenants", "nobody can call")]
    public void A_risk_is_warned_of_once_with_its_key(string old, string replacement, string key, string part)
    {
        var reading = ConfigText.Read(ConfigText.With(old, replacement));

        reading.Errors.ShouldBeEmpty();
        var warning = reading.Warnings.ShouldHaveSingleItem();
        warning.Key.ShouldBe(key);
        warning.Message.ShouldContain(part);
        warning.Remedy.ShouldNotBeEmpty();
        warning.Line.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void A_country_rule_that_leaves_one_deployment_or_none_is_warned_of_by_model()
    {
        var warnings = ConfigText.Read(ConfigText.With("country: US, base_url: http:", "country: SE, base_url: http:")
            .Replace("        limits: { requests_per_minute: 60 }",
                "        limits: { requests_per_minute: 60 }\n        countries: [SE]", StringComparison.Ordinal)
            .Replace("models:\n", "models:\n  far: {}\n", StringComparison.Ordinal)
            .Replace("deployments:\n",
                "deployments:\n"
                + "  far-1: { provider: azure, region: eastus, model: far, price: { prompt: 1, output: 1 }, limits: "
                + "{ concurrency: 1 } }\n", StringComparison.Ordinal)).Warnings;

        warnings.Where(warning => warning.Key == "tenants.demo.keys.demo.countries").Select(warning => warning.Message)
            .ShouldBe(
            [
                "SE has no deployment that serves far",
                "SE has only one deployment that serves gpt-oss-120b",
            ], ignoreOrder: true);
        warnings.ShouldNotContain(warning => warning.Message.Contains("leave the country", StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_that_may_not_use_a_model_is_no_reason_to_warn_of_it()
    {
        var text = ConfigText.With("country: US, base_url: http:", "country: SE, base_url: http:")
            .Replace("models:\n", "models:\n  near: {}\n", StringComparison.Ordinal)
            .Replace("limits: { requests_per_minute: 60 }",
                "limits: { requests_per_minute: 60 }\n        models: [near]", StringComparison.Ordinal);

        ConfigText.Read(text).Warnings.ShouldNotContain(
            warning => warning.Message.Contains("leave the country", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://127.0.0.1:8000/v1")]
    [InlineData("http://localhost:8000/v1")]
    [InlineData("http://[::1]:8000/v1")]
    [InlineData("https://gpu.example/v1")]
    public void Credentials_may_go_to_this_machine_and_over_https(string url) =>
        ConfigText.Read(ConfigText.With("https://azure.example/v1", url)).Warnings.ShouldBeEmpty();
}
