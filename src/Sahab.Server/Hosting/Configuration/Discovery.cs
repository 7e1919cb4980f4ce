using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What was found where no configuration was given.</summary>
/// <param name="Config">A configuration that serves it; null if nothing was found.</param>
/// <param name="Lines">What was found and what was not, for people.</param>
internal sealed record Discovered(SahabConfig? Config, ImmutableArray<string> Lines);

/// <summary>Where local model servers are looked for. Each is the address of its API, up to <c>/v1</c>.</summary>
internal sealed record DiscoveryPlaces
{
    public Uri OpenAi { get; init; } = new("https://api.openai.com/v1");

    public Uri Ollama { get; init; } = new("http://127.0.0.1:11434/v1");

    public Uri Vllm { get; init; } = new("http://127.0.0.1:8000/v1");

    /// <summary>Also the address on which this server listens unless told otherwise, so that a look is not enough.</summary>
    public Uri LlamaCpp { get; init; } = new("http://127.0.0.1:8080/v1");
}

/// <summary>
/// Finds what can be served without any configuration: OpenAI by its usual environment variables, and model servers on
/// this machine.
/// </summary>
internal sealed class Discovery(
    Func<string, string?> environment, HttpMessageInvoker http, TimeProvider time, DiscoveryPlaces places)
{
    /// <summary>ISO 3166-1 leaves this code to users; here it says that nobody knows the country.</summary>
    public const string UnknownCountry = "ZZ";

    const Capabilities Everything = Capabilities.Tools | Capabilities.Vision | Capabilities.JsonSchema
        | Capabilities.Logprobs | Capabilities.Audio | Capabilities.MultipleChoices;

    const string OpenAiHost = "api.openai.com";

    readonly ModelLister _lister = new(http, time);

    /// <summary>Looks everywhere at once.</summary>
    /// <param name="key">The secret of the only key, which the caller makes and shows.</param>
    public async Task<Discovered> FindAsync(Secret key, CancellationToken cancellation)
    {
        var findings = await Task.WhenAll(
            FindOpenAiAsync(cancellation),
            FindLocalAsync("ollama", "Ollama", places.Ollama, cancellation),
            FindLocalAsync("vllm", "vLLM", places.Vllm, cancellation),
            FindLlamaCppAsync(cancellation));
        return new Discovered(Assemble(findings, key), [.. findings.Select(finding => finding.Line)]);
    }

    async Task<Finding> FindOpenAiAsync(CancellationToken cancellation)
    {
        if (environment("OPENAI_API_KEY")?.Trim() is not { Length: > 0 } secret)
        {
            return new Finding("OpenAI: OPENAI_API_KEY is not set");
        }

        if (secret.Any(char.IsControl))
        {
            return new Finding("OpenAI: OPENAI_API_KEY holds a control character, such as a line break");
        }

        var written = environment("OPENAI_BASE_URL")?.Trim();
        if (!string.IsNullOrEmpty(written) && !TextForms.Fits(TextForm.HttpUrl, written))
        {
            return new Finding("OpenAI: OPENAI_BASE_URL is not " + TextForms.Describe(TextForm.HttpUrl));
        }

        var isOpenAi = string.IsNullOrEmpty(written) || new Uri(written).Host == OpenAiHost;
        var url = string.IsNullOrEmpty(written) ? places.OpenAi : new Uri(written.TrimEnd('/'));
        var listing = await _lister.ListAsync(url, secret, ModelLister.RemoteTimeout, cancellation);
        if (listing.Models is not { } models)
        {
            return new Finding($"OpenAI: {url} {listing.Reason}");
        }

        var provider = new ProviderConfig
        {
            Id = "openai",
            Credentials = new SecretConfig { Env = "OPENAI_API_KEY", Value = new Secret(secret) },
            BrokenStreams = BrokenStreams.Billed,
            Regions =
            [
                new RegionConfig
                {
                    Id = "default",
                    Country = isOpenAi ? "US" : UnknownCountry,
                    BaseUrl = url.AbsoluteUri.TrimEnd('/'),
                },
            ],
        };
        return isOpenAi ? Listed(provider, models) : Unlisted(provider, url, models, "OPENAI_BASE_URL");
    }

    /// <summary>Only models whose price is known: what costs money must not be posted at nothing.</summary>
    static Finding Listed(ProviderConfig provider, ImmutableArray<FoundModel> models)
    {
        var served = models
            .Select(model => (model.Id, Listed: OpenAiPrices.Find(model.Id)))
            .Where(model => model.Listed is not null)
            .Select(model => new ServedModel(
                new ModelConfig
                {
                    Id = model.Id,
                    Capabilities = Everything,
                    ContextTokens = model.Listed!.ContextTokens,
                    Operations = [model.Listed.Operation],
                    OwnedBy = "openai",
                },
                model.Listed.Price))
            .ToImmutableArray();
        var left = models.Length - served.Length;
        var rest = left == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $"; {left} others are left out, because their prices are not known here");
        return new Finding($"OpenAI: {Count(served.Length)} at list price{rest}", provider, served);
    }

    static Finding Unlisted(ProviderConfig provider, Uri url, ImmutableArray<FoundModel> models, string name)
    {
        var served = models
            .Select(model => new ServedModel(
                new ModelConfig
                {
                    Id = model.Id,
                    Capabilities = Everything,
                    ContextTokens = model.ContextTokens,
                    Operations = [Operation.ChatCompletions, Operation.Completions, Operation.Embeddings],
                    OwnedBy = model.OwnedBy,
                },
                new PriceConfig { Prompt = 0, Output = 0 }))
            .ToImmutableArray();
        return new Finding(
            $"{name}: {Count(served.Length)} at {url}, counted at no price: "
            + Suggestions.List([.. served.Select(model => model.Model.Id)], 5),
            provider, served);
    }

    async Task<Finding> FindLlamaCppAsync(CancellationToken cancellation) =>
        await _lister.IsLlamaCppAsync(places.LlamaCpp, cancellation)
            ? await FindLocalAsync("llama-cpp", "llama.cpp", places.LlamaCpp, cancellation)
            : new Finding($"llama.cpp: none at {places.LlamaCpp}");

    async Task<Finding> FindLocalAsync(string id, string name, Uri url, CancellationToken cancellation)
    {
        var listing = await _lister.ListAsync(url, null, ModelLister.LocalTimeout, cancellation);
        if (listing.Models is not { } models)
        {
            return new Finding($"{name}: {url} {listing.Reason}");
        }

        var provider = new ProviderConfig
        {
            Id = id,
            // Only vLLM counts in every chunk, and only what says that it is vLLM is asked to.
            RunningUsage = id == "vllm" && models.Any(model => model.OwnedBy == "vllm"),
            BrokenStreams = BrokenStreams.Billed,
            Regions =
            [
                new RegionConfig { Id = "local", Country = UnknownCountry, BaseUrl = url.AbsoluteUri.TrimEnd('/') },
            ],
        };
        return Unlisted(provider, url, models, name);
    }

    static SahabConfig? Assemble(IEnumerable<Finding> findings, Secret key)
    {
        var providers = ImmutableArray.CreateBuilder<ProviderConfig>();
        var models = new Dictionary<string, ModelConfig>(StringComparer.Ordinal);
        var deployments = ImmutableArray.CreateBuilder<DeploymentConfig>();
        foreach (var finding in findings)
        {
            if (finding.Provider is not { } provider || finding.Models.IsEmpty)
            {
                continue;
            }

            providers.Add(provider);
            foreach (var (model, price) in finding.Models)
            {
                models.TryAdd(model.Id, model);
                deployments.Add(new DeploymentConfig
                {
                    Id = NameDeployment(provider.Id, model.Id, deployments),
                    Provider = provider.Id,
                    Region = provider.Regions[0].Id,
                    Model = model.Id,
                    Price = price,
                    ContextTokens = model.ContextTokens > 0 ? model.ContextTokens : null,
                });
            }
        }

        if (providers.Count == 0)
        {
            return null;
        }

        return new SahabConfig
        {
            Providers = providers.ToImmutable(),
            Models = [.. models.Values],
            Deployments = deployments.ToImmutable(),
            Tenants =
            [
                new TenantConfig
                {
                    Id = "local",
                    Keys = [new KeyConfig { Id = "local", Secret = new SecretConfig { Value = key }, Admin = true }],
                },
            ],
        };
    }

    /// <summary>An id in our own form, which models' names need not have, and unlike all the others.</summary>
    static string NameDeployment(string provider, string model, IEnumerable<DeploymentConfig> others)
    {
        var name = new StringBuilder($"{provider}-");
        foreach (var character in model.ToLowerInvariant())
        {
            name.Append(char.IsAsciiLetterOrDigit(character) || character is '.' or '_' ? character : '-');
        }

        var id = name.ToString()[..Math.Min(name.Length, 56)];
        var unique = id;
        for (var number = 2; others.Any(other => other.Id == unique); number++)
        {
            unique = string.Create(CultureInfo.InvariantCulture, $"{id}-{number}");
        }

        return unique;
    }

    static string Count(int models) =>
        string.Create(CultureInfo.InvariantCulture, $"{models} model{(models == 1 ? "" : "s")}");

    sealed record ServedModel(ModelConfig Model, PriceConfig Price);

    sealed record Finding(string Line, ProviderConfig? Provider, ImmutableArray<ServedModel> Models)
    {
        public Finding(string line)
            : this(line, null, [])
        {
        }
    }
}
