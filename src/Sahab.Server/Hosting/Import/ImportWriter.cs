using System.Globalization;
using System.Text;

namespace Sahab.Server.Hosting.Import;

/// <summary>Writes what was carried over as <c>sahab.yaml</c>.</summary>
internal static class ImportWriter
{
    public static string Write(ImportedConfig config, string source)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Carried over from {source} by 'sahab import litellm'. Check it with 'sahab check'.\n");
        if (config.DeadlineSeconds is { } deadline)
        {
            text.Append(CultureInfo.InvariantCulture, $"server: {{ call_deadline: {Number(deadline)}s }}\n");
        }

        text.Append("providers:\n");
        foreach (var (id, provider) in config.Providers)
        {
            Write(text, id, provider);
        }

        text.Append("models:\n");
        foreach (var (id, model) in config.Models)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {Quote(id)}: {{ {Describe(model)} }}\n");
        }

        text.Append("deployments:\n");
        foreach (var (id, deployment) in config.Deployments)
        {
            Write(text, id, deployment);
        }

        if (config.Aliases.Count > 0)
        {
            text.Append("aliases:\n");
            foreach (var (alias, model) in config.Aliases)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Quote(alias)}: {Quote(model)}\n");
            }
        }

        WriteRouting(text, config);
        if (config.AdminKeyVariable is { } variable)
        {
            text.Append(CultureInfo.InvariantCulture, $"tenants:\n  operators:\n    keys:\n      admin: {{ secret: {{ env: {variable} }}, admin: true }}\n");
        }

        return text.ToString();
    }

    static void Write(StringBuilder text, string id, ImportedProvider provider)
    {
        text.Append(CultureInfo.InvariantCulture, $"  {id}:\n    dialect: {provider.Kind.Dialect}\n");
        if (provider.Variable is { } variable)
        {
            text.Append(CultureInfo.InvariantCulture, $"    credentials: {{ env: {variable} }}\n");
        }

        if (provider.Settings.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {provider.Kind.Dialect}:\n");
            foreach (var line in provider.Settings)
            {
                text.Append(CultureInfo.InvariantCulture, $"      {line}\n");
            }
        }

        var timeouts = new List<string>();
        Add(timeouts, "first_byte", provider.FirstByteSeconds, "s");
        Add(timeouts, "between_chunks", provider.StreamSeconds, "s");
        if (timeouts.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    timeouts: {{ {string.Join(", ", timeouts)} }}\n");
        }

        text.Append("    regions:\n");
        foreach (var (region, place) in provider.Regions)
        {
            // Without a country it is not valid, and 'sahab check' says so at this line.
            var country = place.Country is { } known ? $"\"{known}\"" : "FILL-IN";
            text.Append(CultureInfo.InvariantCulture, $"      {region}: {{ country: {country}, base_url: {Quote(place.BaseUrl)} }}\n");
        }
    }

    static void Write(StringBuilder text, string id, ImportedDeployment deployment)
    {
        text.Append(CultureInfo.InvariantCulture, $"  {id}:\n    provider: {deployment.Provider}\n    region: {deployment.Region}\n");
        text.Append(CultureInfo.InvariantCulture, $"    model: {Quote(deployment.Model)}\n    upstream_model: {Quote(deployment.UpstreamModel)}\n");
        var limits = new List<string>();
        Add(limits, "requests_per_minute", deployment.RequestsPerMinute);
        Add(limits, "tokens_per_minute", deployment.TokensPerMinute);
        Add(limits, "concurrency", deployment.Concurrency);
        if (limits.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    limits: {{ {string.Join(", ", limits)} }}\n");
        }

        var price = new List<string>();
        Add(price, "prompt", deployment.PromptUsd ?? 0);
        Add(price, "cached", deployment.CachedUsd);
        Add(price, "cache_write", deployment.CacheWriteUsd);
        Add(price, "cache_write_1h", deployment.CacheWrite1hUsd);
        Add(price, "output", deployment.OutputUsd ?? 0);
        text.Append(CultureInfo.InvariantCulture, $"    price: {{ {string.Join(", ", price)} }}\n");
        if (deployment.Weight is { } weight)
        {
            text.Append(CultureInfo.InvariantCulture, $"    weight: {Number(weight)}\n");
        }

        if (deployment.Priority is { } priority)
        {
            text.Append(CultureInfo.InvariantCulture, $"    priority: {Number(priority)}\n");
        }
    }

    static string Describe(ImportedModel model)
    {
        var members = new List<string> { $"operations: [{model.Operation}]" };
        Add(members, "context_tokens", model.ContextTokens);
        Add(members, "max_output_tokens", model.MaxOutputTokens);
        if (model.Operation == "chat" && (model.HasVision || model.HasNoTools))
        {
            var tools = model.HasNoTools ? "" : "tools, ";
            members.Add($"capabilities: [{tools}json_schema, logprobs, multiple_choices{(model.HasVision ? ", vision" : "")}]");
        }

        return string.Join(", ", members);
    }

    static void WriteRouting(StringBuilder text, ImportedConfig config)
    {
        var routing = new List<string>();
        if (config.Policy is { } policy)
        {
            routing.Add($"policy: {policy}");
        }

        Add(routing, "max_attempts", config.MaxAttempts);
        var breaker = new List<string>();
        Add(breaker, "failures", config.BreakerFailures);
        Add(breaker, "open_for", config.BreakerSeconds, "s");
        if (config.BreakerSeconds > 60)
        {
            Add(breaker, "max_open_for", config.BreakerSeconds, "s");
        }

        if (breaker.Count > 0)
        {
            routing.Add($"breaker: {{ {string.Join(", ", breaker)} }}");
        }

        if (routing.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"routing: {{ {string.Join(", ", routing)} }}\n");
        }
    }

    static void Add(List<string> members, string name, decimal? value, string unit = "")
    {
        if (value is { } number)
        {
            members.Add($"{name}: {Number(number)}{unit}");
        }
    }

    static string Number(decimal number) => number.ToString("0.##########", CultureInfo.InvariantCulture);

    static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
