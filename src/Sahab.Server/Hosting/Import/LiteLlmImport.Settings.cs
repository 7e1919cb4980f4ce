using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Hosting.Import;

/// <content>The settings of the proxy itself.</content>
internal sealed partial class LiteLlmImport
{
    void ReadRouter(ImportFields router)
    {
        if (router.Text("routing_strategy") is { } strategy)
        {
            var (policy, verdict, text) = PolicyOf(strategy);
            _config.Policy = policy;
            router.Note("routing_strategy", verdict, text);
        }

        ReadRetries(router, "num_retries");
        if (router.Number("allowed_fails") is { } fails)
        {
            _config.BreakerFailures = (int)Math.Clamp(fails + 1, 1, 1000);
            router.Note("allowed_fails", ImportVerdict.Approximate, "routing.breaker.failures, counted in a row and not in a minute");
        }

        if (router.Number("cooldown_time") is { } cooldown)
        {
            _config.BreakerSeconds = Math.Clamp(cooldown, 0.1m, 3600);
            router.Note("cooldown_time", ImportVerdict.Approximate, "routing.breaker.open_for, which grows while a deployment stays ill");
        }

        var aliases = router.Map("model_group_alias");
        foreach (var alias in aliases.Keys.ToArray())
        {
            var target = aliases.Text(alias) ?? aliases.Map(alias).Text("model");
            if (target is not null && _config.Models.ContainsKey(target) && TextForms.Fits(TextForm.ModelId, alias)
                && !_config.Models.ContainsKey(alias))
            {
                _config.Aliases[alias] = target;
                aliases.Note(alias, ImportVerdict.Exact, $"aliases.{alias}");
            }
            else
            {
                aliases.Note(alias, ImportVerdict.Manual, "it names no model that was carried over, or one that is there already");
            }
        }

        ReadFallbacks(router);
        ReadDeadline(router, "timeout");
        foreach (var key in router.Keys.Where(key => key.StartsWith("redis", StringComparison.Ordinal)).ToArray())
        {
            router.Note(key, ImportVerdict.Unsupported, "no Redis is needed: limits are exact within a node");
        }

        router.NoteTheRest(ImportVerdict.Unsupported, "there is nothing like it here; docs/configuration.md has what there is");
    }

    static (string Policy, ImportVerdict Verdict, string Text) PolicyOf(string strategy) => strategy switch
    {
        "simple-shuffle" => ("weighted-shuffle", ImportVerdict.Exact, "routing.policy: weighted-shuffle"),
        "least-busy" => ("least-busy", ImportVerdict.Exact, "routing.policy: least-busy"),
        "latency-based-routing" => (
            "lowest-latency", ImportVerdict.Approximate, "routing.policy: lowest-latency, by moving averages"),
        "cost-based-routing" => ("lowest-price", ImportVerdict.Exact, "routing.policy: lowest-price"),
        _ => (
            "balanced", ImportVerdict.Approximate,
            "routing.policy: balanced, which weighs price, latency, caches and health within exact limits"),
    };

    void ReadLibrary(ImportFields library)
    {
        ReadRetries(library, "num_retries");
        ReadDeadline(library, "request_timeout");
        ReadFallbacks(library);
        if (library.Has("drop_params"))
        {
            library.Note(
                "drop_params", ImportVerdict.Unsupported,
                "nothing is dropped in silence: what no deployment can express is refused with its name");
        }

        foreach (var key in new[] { "callbacks", "success_callback", "failure_callback", "service_callback" })
        {
            if (library.Has(key))
            {
                library.Note(key, ImportVerdict.Unsupported, "use OpenTelemetry and /metrics (docs/operations/telemetry.md)");
            }
        }

        library.NoteTheRest(ImportVerdict.Unsupported, "there is nothing like it here; docs/configuration.md has what there is");
    }

    void ReadGeneral(ImportFields general)
    {
        if (general.Text("master_key") is { } master)
        {
            _config.AdminKeyVariable = VariableIn(master) ?? "SAHAB_ADMIN_KEY";
            general.Note(
                "master_key", VariableIn(master) is null ? ImportVerdict.Manual : ImportVerdict.Exact,
                VariableIn(master) is null
                    ? "a secret stood here and was not copied: put it into the environment variable SAHAB_ADMIN_KEY"
                    : "the key operators.admin");
        }

        if (general.Has("database_url"))
        {
            general.Note(
                "database_url", ImportVerdict.Manual,
                "its tables are not ours: name a database of Sahab's own under metering.store.postgres, or keep SQLite");
        }

        general.NoteTheRest(ImportVerdict.Unsupported, "there is nothing like it here; docs/configuration.md has what there is");
    }

    void ReadRetries(ImportFields fields, string key)
    {
        if (fields.Number(key) is { } retries)
        {
            _config.MaxAttempts = (int)Math.Clamp(retries + 1, 1, 16);
            fields.Note(key, ImportVerdict.Approximate, "routing.max_attempts, one budget for the whole call, each at another deployment");
        }
    }

    void ReadDeadline(ImportFields fields, string key)
    {
        if (fields.Number(key) is { } seconds)
        {
            _config.DeadlineSeconds = Math.Clamp(seconds, 1, 86_400);
            fields.Note(key, ImportVerdict.Approximate, "server.call_deadline, for the whole call with all its attempts");
        }
    }

    static void ReadFallbacks(ImportFields fields)
    {
        foreach (var key in new[] { "fallbacks", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks" })
        {
            if (fields.Has(key))
            {
                fields.Note(
                    key, ImportVerdict.Manual,
                    "a call is never answered by a model that was not asked for: deploy the same model at another cloud instead");
            }
        }
    }
}
