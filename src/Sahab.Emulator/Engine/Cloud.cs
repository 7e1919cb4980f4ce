using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Sahab.Emulator.Billing;
using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Engine;

/// <summary>One model served in one region.</summary>
internal sealed class CloudDeployment(
    string region, string country, string id, ModelConfig model, CloudModelConfig served, CloudTraits traits)
{
    public string Region { get; } = region;

    public string Country { get; } = country;

    public string ModelId { get; } = id;

    public ModelConfig Model { get; } = model;

    public ProfileConfig Profile { get; } = served.Profile ?? model.Profile;

    public CapacityConfig Capacity { get; } = served.Capacity ?? model.Capacity;

    public CapacityGate Gate { get; } = new(served.Capacity ?? model.Capacity, traits);

    /// <summary>What was bought in advance beside it; none where nothing was.</summary>
    public CapacityGate? Provisioned { get; } = served.Provisioned is { } bought ? new(bought, traits) : null;

    public PromptCache Cache { get; } = new((served.Capacity ?? model.Capacity).CacheBlocks);
}

/// <summary>An emulated cloud: its deployments, keys, calls and books.</summary>
internal sealed class Cloud
{
    readonly FrozenDictionary<string, FrozenDictionary<string, CloudDeployment>> _regions;
    readonly (string Id, byte[] Secret)[] _keys;
    readonly ConcurrentDictionary<string, byte> _revoked = new();
    int _tokenEpoch;
    int _tokens;

    public Cloud(string id, CloudConfig config, IReadOnlyDictionary<string, ModelConfig> models)
    {
        Id = id;
        Config = config;
        Traits = CloudTraits.Of(config.Style);
        FirstRegion = config.Regions.Keys.First();
        _keys = [.. config.Keys.Select(k => (k.Key, Encoding.UTF8.GetBytes(k.Value)))];
        _regions = config.Regions.ToFrozenDictionary(
            region => region.Key,
            region => (region.Value.Models ?? [.. config.Models.Keys]).Distinct().ToFrozenDictionary(
                model => model,
                model => new CloudDeployment(
                    region.Key, region.Value.Country, model, models[model],
                    config.Models[model] ?? new CloudModelConfig(), Traits)));
    }

    public string Id { get; }

    public CloudConfig Config { get; }

    public CloudTraits Traits { get; }

    public string FirstRegion { get; }

    /// <summary>Tokens of another epoch are not good any more.</summary>
    public int TokenEpoch => Volatile.Read(ref _tokenEpoch);

    /// <summary>Tokens given out.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    public Bill Bill { get; } = new();

    /// <summary>Calls that are running or waiting.</summary>
    public ConcurrentDictionary<Call, byte> Calls { get; } = new();

    public IEnumerable<CloudDeployment> Deployments =>
        Config.Regions.Keys.SelectMany(region => _regions[region].Values
            .OrderBy(d => d.ModelId, StringComparer.Ordinal));

    public FrozenDictionary<string, CloudDeployment>? FindRegion(string region) => _regions.GetValueOrDefault(region);

    /// <summary>The id of the key with this secret, unless it was revoked.</summary>
    public string? FindKey(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        string? found = null;
        foreach (var (id, known) in _keys)
        {
            found = CryptographicOperations.FixedTimeEquals(known, bytes) ? id : found;
        }
        return found is not null && _revoked.ContainsKey(found) ? null : found;
    }

    /// <summary>Whether a key is accepted, as long as it is known.</summary>
    public bool Accepts(string key) => !_revoked.ContainsKey(key);

    /// <summary>The secret of the key with this id, unless it was revoked.</summary>
    public string? FindSecret(string key) => _revoked.ContainsKey(key) ? null : Config.Keys.GetValueOrDefault(key);

    /// <summary>Whether a key is accepted from now on. Tokens that it was given stay good.</summary>
    public void Accept(string key, bool accepts)
    {
        if (accepts)
        {
            _revoked.TryRemove(key, out _);
        }
        else
        {
            _revoked[key] = 0;
        }
    }

    /// <summary>Ends every token that was given out.</summary>
    public void EndTokens() => Interlocked.Increment(ref _tokenEpoch);

    public void CountToken() => Interlocked.Increment(ref _tokens);
}
