using System.Security.Cryptography;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Sahab.Emulator.Configuration;

/// <summary>Reads and checks the emulator's YAML.</summary>
public static class EmulatorYaml
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="EmulatorConfigException">The file is not valid; every reason is told.</exception>
    public static EmulatorConfig Load(string path) => Parse(File.ReadAllText(path), path);

    /// <summary>Reads a text.</summary>
    /// <exception cref="EmulatorConfigException">The text is not valid; every reason is told.</exception>
    public static EmulatorConfig Parse(string yaml, string name = "emulator.yaml")
    {
        try
        {
            var reader = new DeserializerBuilder()
                .WithNamingConvention(UnderscoredNamingConvention.Instance)
                .WithEnumNamingConvention(LowerCaseNamingConvention.Instance)
                .WithDuplicateKeyChecking()
                .Build();
            var config = reader.Deserialize<EmulatorConfig?>(yaml)
                ?? throw new EmulatorConfigException([$"{name}: the file is empty; 'clouds' is required"]);
            Check(config, name);
            return config;
        }
        catch (YamlException error)
        {
            var reason = error.InnerException?.Message ?? error.Message;
            throw new EmulatorConfigException([$"{name}:{error.Start.Line}:{error.Start.Column}: {reason}"]);
        }
    }

    /// <summary>Throws unless the configuration can be started.</summary>
    /// <exception cref="EmulatorConfigException">It cannot; every reason is told.</exception>
    public static void Check(EmulatorConfig config, string name = "emulator.yaml")
    {
        var errors = new ConfigErrors(name);
        errors.Require(config.Speed is > 0 and <= 10_000, "speed", "must be above 0 and at most 10000");
        errors.Require(IsPort(config.ControlPort), "control_port", "must be 0 to 65535");
        errors.Require(config.Clouds.Count > 0, "clouds", "needs at least one cloud");
        foreach (var (id, model) in config.Models)
        {
            errors.Require(model is not null, $"models.{id}", "needs a body");
            if (model is not null)
            {
                CheckModel(errors, $"models.{id}", model);
            }
        }
        foreach (var (id, cloud) in config.Clouds)
        {
            errors.Require(cloud is not null, $"clouds.{id}", "needs a body");
            if (cloud is not null)
            {
                CheckCloud(errors, config, $"clouds.{id}", cloud);
            }
        }
        var ports = config.Clouds.Values.Where(c => c is not null)
            .SelectMany(c => (int[])[c.Port, c.Http2Port ?? 0]).Append(config.ControlPort);
        foreach (var port in ports.Where(p => p != 0).GroupBy(p => p).Where(g => g.Count() > 1))
        {
            errors.Add(
                "clouds", $"port {port.Key} is used {port.Count()} times; each cloud and control_port needs its own");
        }
        errors.ThrowIfAny();
    }

    static void CheckModel(ConfigErrors errors, string key, ModelConfig model)
    {
        errors.Require(model.ContextTokens is > 0 and <= 16_777_216, $"{key}.context_tokens", "must be 1 to 16777216");
        errors.Require(model.Dimensions is > 0 and <= 16_384, $"{key}.dimensions", "must be 1 to 16384");
        CheckCapacity(errors, $"{key}.capacity", model.Capacity);
        CheckProfile(errors, $"{key}.profile", model.Profile);
    }

    static void CheckCloud(ConfigErrors errors, EmulatorConfig config, string key, CloudConfig cloud)
    {
        errors.Require(IsPort(cloud.Port), $"{key}.port", "must be 0 to 65535");
        errors.Require(IsPort(cloud.Http2Port ?? 0), $"{key}.http2_port", "must be 0 to 65535");
        errors.Require(cloud.Keys.Count > 0, $"{key}.keys", "needs at least one key: an id and its secret");
        foreach (var (id, secret) in cloud.Keys)
        {
            errors.Require(!string.IsNullOrWhiteSpace(secret), $"{key}.keys.{id}", "needs a secret that is not empty");
        }
        errors.Require(
            cloud.Keys.Values.Distinct().Count() == cloud.Keys.Count, $"{key}.keys", "two keys have the same secret");
        foreach (var (id, pem) in cloud.SigningKeys)
        {
            errors.Require(IsPublicKey(pem), $"{key}.signing_keys.{id}", "must be an RSA public key in PEM");
        }
        errors.Require(
            cloud.FederatedKey is null || IsPublicKey(cloud.FederatedKey), $"{key}.federated_key",
            "must be an RSA public key in PEM");
        errors.Require(cloud.TokenSeconds is > 0 and <= 86_400, $"{key}.token_seconds", "must be 1 to 86400");
        errors.Require(cloud.Regions.Count > 0, $"{key}.regions", "needs at least one region");
        errors.Require(cloud.Models.Count > 0, $"{key}.models", "needs at least one model");
        foreach (var (id, region) in cloud.Regions)
        {
            CheckRegion(errors, cloud, $"{key}.regions.{id}", id, region);
        }
        foreach (var (id, served) in cloud.Models)
        {
            errors.Require(
                config.Models.ContainsKey(id), $"{key}.models.{id}",
                $"is not one of: {string.Join(", ", config.Models.Keys)}");
            if (served?.Capacity is { } capacity)
            {
                CheckCapacity(errors, $"{key}.models.{id}.capacity", capacity);
            }
            if (served?.Provisioned is { } provisioned)
            {
                CheckCapacity(errors, $"{key}.models.{id}.provisioned", provisioned);
            }
            if (served?.Profile is { } profile)
            {
                CheckProfile(errors, $"{key}.models.{id}.profile", profile);
            }
            if (served?.Price is { } price)
            {
                errors.Require(
                    price is { Prompt: >= 0, Output: >= 0, Cached: null or >= 0, CacheWrite: null or >= 0, CacheWrite1h: null or >= 0 },
                    $"{key}.models.{id}.price", "prices must be at least 0");
            }
        }
    }

    static void CheckRegion(ConfigErrors errors, CloudConfig cloud, string key, string id, RegionConfig? region)
    {
        errors.Require(
            id != "v1" && id.Length > 0 && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'),
            key, "an id has lower-case letters, digits and hyphens, and is not 'v1'");
        errors.Require(
            region?.Country is { Length: 2 } country && country.All(char.IsAsciiLetterUpper),
            $"{key}.country", "must be an ISO 3166-1 alpha-2 code such as NO");
        foreach (var model in region?.Models ?? [])
        {
            errors.Require(
                cloud.Models.ContainsKey(model), $"{key}.models",
                $"'{model}' is not one of the cloud's: {string.Join(", ", cloud.Models.Keys)}");
        }
    }

    static void CheckCapacity(ConfigErrors errors, string key, CapacityConfig capacity)
    {
        errors.Require(capacity.Concurrency is > 0 and <= 1_000_000, $"{key}.concurrency", "must be 1 to 1000000");
        errors.Require(capacity.MaxWaiting is >= 0 and <= 1_000_000, $"{key}.max_waiting", "must be 0 to 1000000");
        errors.Require(capacity.RequestsPerMinute is null or > 0, $"{key}.requests_per_minute", "must be above 0");
        errors.Require(capacity.TokensPerMinute is null or > 0, $"{key}.tokens_per_minute", "must be above 0");
        errors.Require(capacity.CacheBlocks is >= 0 and <= 16_777_216, $"{key}.cache_blocks", "must be 0 to 16777216");
    }

    static void CheckProfile(ConfigErrors errors, string key, ProfileConfig profile)
    {
        errors.Require(profile.FirstTokenMs >= 0, $"{key}.first_token_ms", "must be 0 or more");
        errors.Require(profile.PromptTokensPerSecond > 0, $"{key}.prompt_tokens_per_second", "must be above 0");
        errors.Require(profile.TokensPerSecond > 0, $"{key}.tokens_per_second", "must be above 0");
        errors.Require(profile.LoadSlowdown >= 0, $"{key}.load_slowdown", "must be 0 or more");
        errors.Require(profile.Sigma is >= 0 and <= 2, $"{key}.sigma", "must be 0 to 2");
        errors.Require(profile.MeanOutputTokens >= 1, $"{key}.mean_output_tokens", "must be 1 or more");
    }

    static bool IsPublicKey(string? pem)
    {
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            return true;
        }
        catch (Exception wrong) when (wrong is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    static bool IsPort(int port) => port is >= 0 and <= 65_535;

    sealed class ConfigErrors(string name)
    {
        readonly List<string> _all = [];

        public void Add(string key, string reason) => _all.Add($"{name}: {key}: {reason}");

        public void Require(bool holds, string key, string reason)
        {
            if (!holds)
            {
                Add(key, reason);
            }
        }

        public void ThrowIfAny()
        {
            if (_all.Count > 0)
            {
                throw new EmulatorConfigException(_all);
            }
        }
    }
}
