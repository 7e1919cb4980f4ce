namespace Sahab.Server.Hosting.Configuration;

/// <summary>
/// What must hold between keys. A value that the binder refused is left alone here, so that nothing is reported twice.
/// </summary>
internal sealed class ConfigRules(SahabConfig config, ProblemList problems)
{
    /// <summary>The router keeps a call's candidates in one machine word.</summary>
    public const int MaxDeploymentsPerModel = 64;

    readonly ConfigIndex _index = new(config);
    readonly string[] _models = [.. config.Models.Select(model => model.Id)];

    public void Check()
    {
        CheckModels();
        CheckDeployments();
        CheckAliases();
        CheckTenants();
        CheckTheRest();
    }

    void CheckModels()
    {
        foreach (var model in config.Models)
        {
            var path = $"models.{model.Id}";
            if (model.ContextTokens > 0 && model.MaxOutputTokens > model.ContextTokens)
            {
                problems.Error(
                    $"{path}.max_output_tokens", "the output cannot be longer than the context",
                    $"Write at most {model.ContextTokens}, or correct context_tokens");
            }

            if (model.Operations.Length == 0)
            {
                problems.Error($"{path}.operations", "a model without operations serves nothing", "Write at least one");
            }

            var deployments = _index.DeploymentsOf(model).Length;
            if (deployments > MaxDeploymentsPerModel)
            {
                problems.Error(
                    path, $"{deployments} deployments serve this model",
                    $"At most {MaxDeploymentsPerModel} may; give the others a model name of their own");
            }
        }
    }

    void CheckDeployments()
    {
        string[] providers = [.. config.Providers.Select(provider => provider.Id)];
        foreach (var deployment in config.Deployments)
        {
            var path = $"deployments.{deployment.Id}";
            CheckReference($"{path}.provider", deployment.Provider, providers, "providers");
            if (config.FindProvider(deployment.Provider) is { } provider)
            {
                CheckReference(
                    $"{path}.region", deployment.Region, [.. provider.Regions.Select(region => region.Id)],
                    $"regions of {provider.Id}");
            }

            if (config.Aliases.ContainsKey(deployment.Model) && _index.Model(deployment.Model) is { } model
                && model.Id != deployment.Model)
            {
                problems.Error(
                    $"{path}.model", $"{deployment.Model} is an alias", $"Name the model itself: {model.Id}");
            }
            else
            {
                CheckReference($"{path}.model", deployment.Model, _models, "models");
                if (config.FindProvider(deployment.Provider) is { } cloud && _index.Model(deployment.Model) is { } served)
                {
                    OperationRules.Check(cloud, served, path, problems);
                }
            }
        }
    }

    void CheckAliases()
    {
        string[] targets = [.. _models, .. config.Aliases.Keys];
        foreach (var (alias, target) in config.Aliases)
        {
            var path = $"aliases.{alias}";
            if (_models.Contains(alias))
            {
                problems.Error(path, "a model has this name", "Rename the alias: it would never be reached");
                continue;
            }

            CheckReference(path, target, targets, "models and aliases");
            if (RoundFrom(alias) is { } round)
            {
                problems.Error(
                    path, $"the aliases go in a circle: {string.Join(" -> ", round)}", "Let one of them name a model");
            }
        }
    }

    /// <summary>The aliases from this one back to it, or null if they do not come back.</summary>
    List<string>? RoundFrom(string alias)
    {
        List<string> round = [alias];
        while (config.Aliases.TryGetValue(round[^1], out var next) && round.Count <= config.Aliases.Count)
        {
            round.Add(next);
            if (next == alias)
            {
                return round;
            }
        }

        return null;
    }

    void CheckTenants()
    {
        string[] names = [.. _models, .. config.Aliases.Keys];
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tenant in config.Tenants.Where(tenant => tenant.Id.StartsWith("org_", StringComparison.Ordinal)))
        {
            problems.Error(
                $"tenants.{tenant.Id}", "ids that begin with org_ are those of organisations that are made while the server "
                + "runs", "Give the tenant another id");
        }

        foreach (var (tenant, key) in config.Tenants.SelectMany(tenant => tenant.Keys.Select(key => (tenant, key))))
        {
            var path = $"tenants.{tenant.Id}.keys.{key.Id}";
            if (key.Secret.Hash is { } hash && !secrets.TryAdd(hash, path))
            {
                problems.Error($"{path}.secret", $"{secrets[hash]} has the same secret", "Give each key its own");
            }

            for (var i = 0; i < key.Models?.Length; i++)
            {
                CheckReference($"{path}.models[{i}]", key.Models.Value[i], names, "models and aliases");
            }

            if (key.Models is { Length: 0 })
            {
                problems.Error($"{path}.models", "an empty list forbids every model", "Name some, or remove the key");
            }

            if (key.Countries is { Length: 0 })
            {
                problems.Error(
                    $"{path}.countries", "an empty list forbids every country", "Name some, or remove the key");
            }
            else if (key.Countries is not null)
            {
                CheckCountries(key, path);
            }
        }
    }

    /// <summary>What a key names must be servable where it may go; a key must be able to reach something at all.</summary>
    void CheckCountries(KeyConfig key, string path)
    {
        // Judged only where every part of the judgement was readable.
        if (problems.HasErrors)
        {
            return;
        }

        var countries = string.Join(", ", key.Countries!.Value);
        for (var i = 0; i < key.Models?.Length; i++)
        {
            if (_index.Model(key.Models.Value[i]) is { } model && _index.CountWithin(key, model) == 0)
            {
                problems.Error(
                    $"{path}.models[{i}]", $"no deployment of {model.Id} stands in {countries}",
                    "Deploy it there, widen countries, or take it off the key's list");
            }
        }

        if (key.Models is null && config.Models.All(model => _index.CountWithin(key, model) == 0))
        {
            problems.Error(
                $"{path}.countries", $"no deployment of any model stands in {countries}",
                "Deploy one there, or widen countries");
        }
    }

    void CheckTheRest()
    {
        var breaker = config.Routing.Breaker;
        if (breaker.OpenFor > breaker.MaxOpenFor)
        {
            problems.Error(
                "routing.breaker.open_for", $"it is longer than max_open_for ({Scalars.Format(breaker.MaxOpenFor)})",
                "Let max_open_for be the longer one");
        }

        if (config.Metering.Store is { Sqlite: not null, Postgres: not null })
        {
            problems.Error("metering.store", "both sqlite and postgres are given", "Keep one of them");
        }

        foreach (var provider in config.Providers)
        {
            CheckDialect(provider, $"providers.{provider.Id}");
        }

        foreach (var (tenant, key) in config.Tenants.SelectMany(tenant => tenant.Keys.Select(key => (tenant, key))))
        {
            CheckOneSource(key.Secret, $"tenants.{tenant.Id}.keys.{key.Id}.secret");
        }

        foreach (var issuer in config.SignIn.Oidc)
        {
            CheckOneSource(issuer.ClientSecret, $"sign_in.oidc.{issuer.Id}.client_secret");
        }

        CheckOneSource(config.Metering.Store.Postgres, "metering.store.postgres");
        CheckOneSource(config.Billing.ReceiptKey, "billing.receipt_key");
        CheckOneSource(config.Billing.Stripe?.SecretKey, "billing.stripe.secret_key");
        CheckOneSource(config.Billing.Stripe?.WebhookSecret, "billing.stripe.webhook_secret");
        SignInRules.Check(config.SignIn, problems);
    }

    void CheckDialect(ProviderConfig provider, string path)
    {
        CheckOneSource(provider.Credentials, $"{path}.credentials");
        CheckOneSource(provider.Azure?.Entra?.ClientSecret, $"{path}.azure.entra.client_secret");
        CheckOneSource(provider.Vertex?.Account, $"{path}.vertex.account");
        CheckOneSource(provider.Bedrock?.AccessKeyId, $"{path}.bedrock.access_key_id");
        CheckOneSource(provider.Bedrock?.SecretAccessKey, $"{path}.bedrock.secret_access_key");
        CheckOneSource(provider.Bedrock?.SessionToken, $"{path}.bedrock.session_token");
        CheckOneSource(provider.Oci?.PrivateKey, $"{path}.oci.private_key");
        CheckAwsKeys(provider, $"{path}.bedrock");
        AzureRules.Check(provider, path, problems);
        OciRules.Check(provider, path, problems);
        VertexRules.Check(provider, path, problems);
        (Dialect Dialect, object? Settings, bool IsNeeded)[] all =
        [
            (Dialect.Azure, provider.Azure, false), (Dialect.Vertex, provider.Vertex, true),
            (Dialect.Bedrock, provider.Bedrock, false), (Dialect.Oci, provider.Oci, true),
            (Dialect.Anthropic, provider.Anthropic, false),
        ];
        foreach (var (dialect, settings, isNeeded) in all)
        {
            var key = Words.For(dialect);
            if (settings is not null && provider.Dialect != dialect)
            {
                problems.Error(
                    $"{path}.{key}", $"the provider speaks {Words.For(provider.Dialect)}",
                    $"Write dialect: {key}, or leave this out");
            }
            else if (settings is null && isNeeded && provider.Dialect == dialect)
            {
                problems.Error(
                    $"{path}.dialect", $"the dialect {key} needs more than an address",
                    $"Add {key}: with what docs/configuration.md says");
            }
        }
    }

    void CheckAwsKeys(ProviderConfig provider, string path)
    {
        if (provider.Bedrock is not { } settings)
        {
            return;
        }

        if ((settings.AccessKeyId is null) != (settings.SecretAccessKey is null)
            || (settings.SessionToken is not null && settings.AccessKeyId is null))
        {
            problems.Error(
                path, "a key has an id and a secret, and a session's token goes with both",
                "Write access_key_id and secret_access_key, or none of them");
        }
        else if (settings.AccessKeyId is not null && provider.Credentials is not null)
        {
            problems.Error(
                $"{path}.access_key_id", "requests are either signed or carry an API key",
                "Leave out credentials, or leave out the keys");
        }
    }

    void CheckOneSource(SecretConfig? secret, string path)
    {
        if (secret is { Env: null, File: null, Sha256: null } && !problems.HasErrorAt(path))
        {
            problems.Error(path, "the secret has no source", "Write {env: NAME} or {file: PATH}");
        }
    }

    void CheckReference(string path, string name, string[] known, string noun)
    {
        // An empty name was refused by the binder; an empty list of targets was reported where it stands.
        if (name.Length > 0 && known.Length > 0 && !known.Contains(name))
        {
            problems.Error(
                path, $"there is no {TextForms.Quote(name)} among the {noun}", Suggestions.Sentence(name, known, noun));
        }
    }
}
