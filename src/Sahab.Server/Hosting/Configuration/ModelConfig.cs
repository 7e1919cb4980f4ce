using System.Collections.Immutable;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;

namespace Sahab.Server.Hosting.Configuration;

[Doc("A model that clients may ask for.")]
internal sealed record ModelConfig
{
    [MapKey]
    [Form(TextForm.ModelId)]
    public required string Id { get; init; } = "";

    [Doc("What it can do beyond plain text. A call that needs more than its model can do is refused.")]
    public Capabilities Capabilities { get; init; } =
        Capabilities.Tools | Capabilities.JsonSchema | Capabilities.Logprobs | Capabilities.MultipleChoices;

    [Doc("Prompt and output together, in tokens. 0: unknown, and never a reason to refuse.")]
    [Between("0", "100000000")]
    public int ContextTokens { get; init; }

    [Doc("The most output tokens of one choice. 0: unknown.")]
    [Between("0", "100000000")]
    public int MaxOutputTokens { get; init; }

    [Doc("The operations that it serves. All but the first three need a cloud with OpenAI's own API.")]
    [AtMost(10)]
    public ImmutableArray<Operation> Operations { get; init; } = [Operation.ChatCompletions];

    [Doc("What `/v1/models` says of its owner.")]
    [Form(TextForm.Free)]
    public string OwnedBy { get; init; } = "sahab";
}

[Doc("One model, served at one region by one provider under one kind of capacity.")]
internal sealed record DeploymentConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The provider, by its id under `providers`.")]
    [Form(TextForm.Id)]
    public required string Provider { get; init; } = "";

    [Doc("The region, by its id under the provider's `regions`.")]
    [Form(TextForm.Id)]
    public required string Region { get; init; } = "";

    [Doc("The model, by its name under `models`.")]
    [Form(TextForm.ModelId)]
    public required string Model { get; init; } = "";

    [Doc("What the provider calls the model. Left out: the model's own name.")]
    [Form(TextForm.ModelId)]
    public string? UpstreamModel { get; init; }

    [Doc("How the capacity was bought.")]
    public CapacityKind Capacity { get; init; } = CapacityKind.OnDemand;

    [Doc("What it can take. Left out: as much as comes.")]
    public LimitsConfig Limits { get; init; } = new();

    [Doc("What it costs. On reserved capacity: what a token costs in addition, usually 0.")]
    public required PriceConfig Price { get; init; } = new() { Prompt = 0, Output = 0 };

    [Doc("How much of its capacity a token takes; counts where it is reserved and scarce.")]
    public CapacityWeightsConfig CapacityWeights { get; init; } = new();

    [Doc("Its share under the weighted-shuffle policy.")]
    [Between("1", "1000")]
    public int Weight { get; init; } = 1;

    [Doc("Its rank under the priority-order policy; the smaller goes first.")]
    [Between("1", "1000")]
    public int Priority { get; init; } = 1;

    [Doc("What it can do beyond plain text, where that differs from the model.")]
    public Capabilities? Capabilities { get; init; }

    [Doc("Its context in tokens, where that differs from the model.")]
    [Between("1", "100000000")]
    public int? ContextTokens { get; init; }
}

[Doc("Capacity units that a token takes, as the provider weighs them. Left out: each token as much as another.")]
internal sealed record CapacityWeightsConfig
{
    [Doc("Prompt tokens that no cache knows.")]
    [Between("0", "1000000")]
    public decimal Prompt { get; init; } = 1;

    [Doc("Prompt tokens read from a cache.")]
    [Between("0", "1000000")]
    public decimal Cached { get; init; }

    [Doc("Output tokens.")]
    [Between("0", "1000000")]
    public decimal Output { get; init; } = 1;
}

[Doc("Upper bounds. Each left out: no bound.")]
internal sealed record LimitsConfig
{
    [Doc("Requests in a minute.")]
    [Between("1", "100000000")]
    public int? RequestsPerMinute { get; init; }

    [Doc("Tokens in a minute, prompt and output together.")]
    [Between("1", "1000000000000")]
    public long? TokensPerMinute { get; init; }

    [Doc("Calls at once.")]
    [Between("1", "10000000")]
    public int? Concurrency { get; init; }

    [NotInFile]
    public bool IsUnlimited => RequestsPerMinute is null && TokensPerMinute is null && Concurrency is null;
}

[Doc("Prices in US dollars for a million tokens.")]
internal record PriceConfig
{
    [Doc("Prompt tokens that no cache held or took.")]
    [Between("0", "1000000")]
    public required decimal Prompt { get; init; }

    [Doc("Prompt tokens read from a cache. Left out: as `prompt`.")]
    [Between("0", "1000000")]
    public decimal? Cached { get; init; }

    [Doc("Prompt tokens written to a cache. Left out: as `prompt`.")]
    [Between("0", "1000000")]
    public decimal? CacheWrite { get; init; }

    [Doc("Prompt tokens written to a cache for an hour. Left out: as `cache_write`.")]
    [KeyName("cache_write_1h")]
    [Between("0", "1000000")]
    public decimal? CacheWrite1h { get; init; }

    [Doc("Output tokens, reasoning included.")]
    [Between("0", "1000000")]
    public required decimal Output { get; init; }
}
