using System.Text.RegularExpressions;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Hosting.Import;

/// <summary>
/// Carries a configuration of the LiteLLM proxy over, and tells of every line what became of it. A secret that stands
/// in that file is never copied: its place is taken by the name of an environment variable.
/// </summary>
internal sealed partial class LiteLlmImport
{
    const string InTheEnvironment = "os.environ/";
    const decimal TokensPerMillion = 1_000_000;

    readonly List<ImportNote> _notes = [];
    readonly ImportedConfig _config = new();

    LiteLlmImport()
    {
    }

    /// <summary>Reads the file's text.</summary>
    /// <param name="problems">Takes what keeps the text from being YAML at all.</param>
    /// <returns>The configuration and a note for each line; null where the text is no YAML map.</returns>
    public static (ImportedConfig Config, IReadOnlyList<ImportNote> Notes)? Read(string text, ProblemList problems)
    {
        if (YamlTree.Parse(text, problems) is not { } root || problems.HasErrors)
        {
            return null;
        }

        var import = new LiteLlmImport();
        import.Read(new ImportFields(root, "", import._notes));
        return (import._config, [.. import._notes.OrderBy(note => note.Line)]);
    }

    void Read(ImportFields file)
    {
        foreach (var (entry, line) in file.Maps("model_list"))
        {
            ReadModel(entry, line);
        }

        ReadRouter(file.Map("router_settings"));
        ReadLibrary(file.Map("litellm_settings"));
        ReadGeneral(file.Map("general_settings"));
        file.Map("environment_variables").NoteTheRest(
            ImportVerdict.Manual, "set it where the server starts; this file sets no environment");
        file.NoteTheRest(ImportVerdict.Unsupported, "there is nothing like it here");
    }

    void ReadModel(ImportFields entry, int line)
    {
        var name = entry.Text("model_name") ?? "";
        var parameters = entry.Map("litellm_params");
        var info = entry.Map("model_info");
        var upstream = parameters.Text("model") ?? "";
        if (!TextForms.Fits(TextForm.ModelId, name) || upstream.Contains('*', StringComparison.Ordinal))
        {
            _notes.Add(new ImportNote(
                line, entry.PathOf("model_name"), ImportVerdict.Unsupported,
                $"{TextForms.Quote(name)} cannot be a model here: name each model that is to be served; a pattern is none"));
            return;
        }

        if (OperationOf(info) is not { } operation)
        {
            info.Note("mode", ImportVerdict.Unsupported, "only chat, completion and embedding are imported; left out");
            return;
        }

        if (ImportedKind.Split(upstream, parameters.Has("api_base")) is not { } found)
        {
            parameters.Note(
                "model", ImportVerdict.Unsupported,
                $"no dialect here speaks to {TextForms.Quote(upstream)}; give an api_base if it is OpenAI-compatible");
            return;
        }

        entry.Note("model_name", ImportVerdict.Exact, $"models.{name}");
        parameters.Note("model", found.Kind.Verdict, $"{found.Model} at a provider with dialect {found.Kind.Dialect}");
        ReadModelInfo(name, operation, info);
        var (provider, region) = ReadPlace(found.Kind, parameters);
        AddDeployment(name, found.Model, provider, region, parameters, info);
        info.NoteTheRest(ImportVerdict.Unsupported, "information only; left out");
        parameters.NoteTheRest(
            ImportVerdict.Unsupported, "requests go on as clients send them; nothing is added to them here");
    }

    static string? OperationOf(ImportFields info) => info.Text("mode") switch
    {
        null or "chat" or "responses" => "chat",
        "completion" => "completions",
        "embedding" => "embeddings",
        _ => null,
    };

    void ReadModelInfo(string name, string operation, ImportFields info)
    {
        if (!_config.Models.TryGetValue(name, out var model))
        {
            _config.Models[name] = model = new ImportedModel(operation);
        }

        var output = info.Number("max_output_tokens") ?? info.Number("max_tokens");
        model.MaxOutputTokens ??= (long?)output;
        if (info.Number("max_input_tokens") is { } input)
        {
            model.ContextTokens ??= (long)(input + (output ?? 0));
            info.Note("max_input_tokens", ImportVerdict.Approximate, "context_tokens, the output's limit added");
        }

        model.HasVision |= info.Flag("supports_vision") ?? false;
        model.HasNoTools |= info.Flag("supports_function_calling") == false;
    }

    /// <summary>The provider and region of a deployment; the same place and credential become the same ones.</summary>
    (string Provider, string Region) ReadPlace(ImportedKind kind, ImportFields parameters)
    {
        var variable = ReadKey(kind, parameters);
        var settings = ReadSettings(kind, parameters);
        var (region, baseUrl) = ReadAddress(kind, parameters);
        var same = _config.Providers.FirstOrDefault(pair =>
            pair.Value.Kind.Id == kind.Id && pair.Value.Variable == variable && pair.Value.Settings.SequenceEqual(settings));
        var id = same.Key ?? ImportedConfig.Free(_config.Providers, kind.Id);
        var provider = same.Value ?? new ImportedProvider(kind, variable, settings, new(StringComparer.Ordinal));
        _config.Providers[id] = provider;
        ReadTimeouts(provider, parameters);
        var known = provider.Regions.FirstOrDefault(pair => pair.Value.BaseUrl == baseUrl);
        if (known.Key is not null)
        {
            return (id, known.Key);
        }

        var regionId = ImportedConfig.Free(provider.Regions, region);
        var country = CloudPlaces.CountryOf(region);
        provider.Regions[regionId] = new ImportedRegion(baseUrl, country);
        if (country is null)
        {
            _notes.Add(new ImportNote(
                parameters.LineOf("model"), $"providers.{id}.regions.{regionId}.country", ImportVerdict.Manual,
                "that file does not tell in which country the calls are answered: fill it in"));
        }

        return (id, regionId);
    }

    /// <summary>The environment variable of the provider's key. A key that stands in the file is not copied.</summary>
    static string? ReadKey(ImportedKind kind, ImportFields parameters)
    {
        if (parameters.Text("api_key") is not { } key)
        {
            return kind.Dialect is "bedrock" or "vertex" || kind.BaseUrl.StartsWith("http://127", StringComparison.Ordinal)
                ? null
                : kind.Variable;
        }

        if (VariableIn(key) is { } variable)
        {
            parameters.Note("api_key", ImportVerdict.Exact, $"credentials: {{ env: {variable} }}");
            return variable;
        }

        parameters.Note(
            "api_key", ImportVerdict.Manual,
            $"a secret stood here and was not copied: put it into the environment variable {kind.Variable}");
        return kind.Variable;
    }

    static List<string> ReadSettings(ImportedKind kind, ImportFields parameters)
    {
        var lines = new List<string>();
        switch (kind.Dialect)
        {
            case "azure" when parameters.Text("api_version") is { } version
                && version is not ("v1" or "latest" or "preview"):
                parameters.Note("api_version", ImportVerdict.Exact, "azure.api_version");
                lines.Add($"api_version: \"{version}\"");
                break;
            case "vertex":
                lines.Add($"project: {parameters.Text("vertex_project") ?? "FILL-IN"}");
                if (parameters.Text("vertex_project") is null)
                {
                    parameters.Note("vertex_project", ImportVerdict.Manual, "vertex.project must be filled in");
                }

                if (parameters.Text("vertex_credentials") is { } account)
                {
                    var isVariable = VariableIn(account);
                    lines.Add($"account: {{ {(isVariable is null ? $"file: {account}" : $"env: {isVariable}")} }}");
                    parameters.Note("vertex_credentials", ImportVerdict.Exact, "vertex.account");
                }

                break;
            case "bedrock":
                foreach (var (theirs, ours) in new[]
                {
                    ("aws_access_key_id", "access_key_id"), ("aws_secret_access_key", "secret_access_key"),
                    ("aws_session_token", "session_token"),
                })
                {
                    AddSecret(parameters, theirs, ours, lines);
                }

                break;
            default:
                break;
        }

        return lines;
    }

    static void AddSecret(ImportFields parameters, string theirs, string ours, List<string> lines)
    {
        if (parameters.Text(theirs) is not { } text)
        {
            return;
        }

        var variable = VariableIn(text);
        lines.Add($"{ours}: {{ env: {variable ?? theirs.ToUpperInvariant()} }}");
        parameters.Note(
            theirs, variable is null ? ImportVerdict.Manual : ImportVerdict.Exact,
            variable is null
                ? $"a secret stood here and was not copied: put it into the environment variable {theirs.ToUpperInvariant()}"
                : $"bedrock.{ours}");
    }

    static (string Region, string BaseUrl) ReadAddress(ImportedKind kind, ImportFields parameters)
    {
        var given = parameters.Text("api_base") is { } text && VariableIn(text) is null ? text.TrimEnd('/') : null;
        if (parameters.Has("api_base"))
        {
            parameters.Note(
                "api_base", given is null ? ImportVerdict.Manual : ImportVerdict.Exact,
                given is null ? "an address comes from this file, not from the environment: fill in base_url" : "base_url");
        }

        var place = parameters.Text("aws_region_name") ?? parameters.Text("vertex_location")
            ?? parameters.Text("vertex_ai_location") ?? parameters.Text("region_name");
        switch (kind.Dialect)
        {
            case "bedrock":
                place ??= "us-east-1";
                return (place, given ?? $"https://bedrock-runtime.{place}.amazonaws.com");
            case "vertex":
                place ??= "us-central1";
                return (place, given ?? $"https://{place}-aiplatform.googleapis.com/v1");
            case "azure":
                var isDated = parameters.Has("api_version") && parameters.Text("api_version") is not ("v1" or "latest" or "preview");
                var root = given ?? "https://FILL-IN.openai.azure.com";
                return (place ?? HostOf(root), root.Contains("/openai", StringComparison.Ordinal) ? root
                    : root + (isDated ? "/openai" : "/openai/v1"));
            default:
                var url = given ?? (kind.BaseUrl.Length > 0 ? kind.BaseUrl : "http://127.0.0.1:8000/v1");
                return (place ?? HostOf(url), url);
        }
    }

    /// <summary>The first label of a host as an id: what tells an Azure resource or a server from others.</summary>
    static string HostOf(string url)
    {
        var host = Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.Host : "place";
        var label = parsed?.HostNameType == UriHostNameType.Dns ? host.Split('.')[0] : host;
        var id = NotInAnId().Replace(label.ToLowerInvariant(), "-").Trim('-');
        return id is "" or "api" or "localhost" ? "global" : id;
    }

    static void ReadTimeouts(ImportedProvider provider, ImportFields parameters)
    {
        if (parameters.Number("timeout") is { } timeout)
        {
            provider.FirstByteSeconds = Math.Max(provider.FirstByteSeconds ?? 0, timeout);
            parameters.Note("timeout", ImportVerdict.Approximate, "timeouts.first_byte of the provider: until an answer begins");
        }

        if (parameters.Number("stream_timeout") is { } stream)
        {
            provider.StreamSeconds = Math.Max(provider.StreamSeconds ?? 0, stream);
            parameters.Note("stream_timeout", ImportVerdict.Approximate, "timeouts.between_chunks of the provider");
        }
    }

    void AddDeployment(
        string model, string upstream, string provider, string region, ImportFields parameters, ImportFields info)
    {
        var given = info.Text("id");
        var wanted = given is not null && TextForms.Fits(TextForm.Id, given)
            ? given
            : NotInAnId().Replace($"{model}-{provider}-{region}".ToLowerInvariant(), "-");
        wanted = wanted.Length > 60 ? wanted[..60] : wanted;
        decimal? Price(string key) =>
            (parameters.Number(key) ?? info.Number(key)) is { } perToken ? perToken * TokensPerMillion : null;
        var deployment = new ImportedDeployment(
            provider, region, model, upstream,
            Price("input_cost_per_token"), Price("cache_read_input_token_cost"),
            Price("cache_creation_input_token_cost"), Price("cache_creation_input_token_cost_above_1hr"),
            Price("output_cost_per_token"),
            Limit(parameters, "rpm"), Limit(parameters, "tpm"), Limit(parameters, "max_parallel_requests"),
            parameters.Number("weight") is { } weight ? Math.Clamp(decimal.Round(weight), 1, 1000) : null,
            parameters.Number("order") is { } order ? Math.Clamp(decimal.Round(order), 1, 1000) : null);
        var id = ImportedConfig.Free(_config.Deployments, wanted);
        _config.Deployments[id] = deployment;
        if (deployment.PromptUsd is null || deployment.OutputUsd is null)
        {
            _notes.Add(new ImportNote(
                parameters.LineOf("model"), $"deployments.{id}.price", ImportVerdict.Manual,
                "that gateway looks prices up in a list of its own; 0 stands here: fill in what your contract says"));
        }

        if (parameters.Has("order"))
        {
            parameters.Note("order", ImportVerdict.Approximate, "priority, which counts under the policy priority-order");
        }
    }

    static decimal? Limit(ImportFields parameters, string key)
    {
        if (parameters.Number(key) is not { } number)
        {
            return null;
        }

        parameters.Note(key, number >= 1 ? ImportVerdict.Exact : ImportVerdict.Manual,
            number >= 1 ? "limits of the deployment, kept exactly" : "a limit is at least 1; left out");
        return number >= 1 ? decimal.Truncate(number) : null;
    }

    static string? VariableIn(string text)
    {
        var name = text.StartsWith(InTheEnvironment, StringComparison.Ordinal) ? text[InTheEnvironment.Length..] : null;
        return name is not null && TextForms.Fits(TextForm.EnvironmentVariable, name) ? name : null;
    }

    [GeneratedRegex("[^a-z0-9._-]+", RegexOptions.CultureInvariant)]
    private static partial Regex NotInAnId();
}
