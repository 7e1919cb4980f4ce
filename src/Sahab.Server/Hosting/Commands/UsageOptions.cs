using System.CommandLine;
using Microsoft.Extensions.Primitives;

namespace Sahab.Server.Hosting.Commands;

/// <summary>The options of <c>sahab usage</c>.</summary>
internal sealed class UsageOptions
{
    const string DefaultKeyVariable = "SAHAB_ADMIN_KEY";

    static readonly string[] FilterNames =
        ["tenant", "key", "model", "provider", "region", "country", "deployment", "operation", "service_tier"];

    readonly Option<string> _by = new("--by")
    {
        Description = "Group by tenant, key, model, provider, region, country, deployment, operation, service_tier or "
            + "hour; several joined by commas.",
        DefaultValueFactory = _ => "provider",
    };

    readonly Option<string?> _from = new("--from")
    {
        Description = "Only attempts from this time on (ISO 8601, UTC).",
    };

    readonly Option<string?> _to = new("--to") { Description = "Only attempts before this time (ISO 8601, UTC)." };

    readonly Dictionary<string, Option<string?>> _filters = FilterNames.ToDictionary(
        name => name,
        name => new Option<string?>("--" + name.Replace('_', '-')) { Description = $"Only this {name}." });

    public Option<string> Url { get; } = new("--url")
    {
        Description = "The running server to ask.",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    public Option<string> KeyVariable { get; } = new("--admin-key-env")
    {
        Description = "The environment variable that holds an admin key.",
        DefaultValueFactory = _ => DefaultKeyVariable,
    };

    public Option<string?> Data { get; } = new("--data")
    {
        Description = "Read this data folder's SQLite store instead of asking a server: what is posted there.",
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON." };

    public Option<bool> Csv { get; } = new("--csv") { Description = "Print CSV." };

    public IEnumerable<Option> All => [_by, _from, _to, .. _filters.Values, Url, KeyVariable, Data, Json, Csv];

    /// <summary>The question, as the parameters that the server takes.</summary>
    public Dictionary<string, StringValues> ToParameters(ParseResult parsed)
    {
        var parameters = new Dictionary<string, StringValues>();
        Add("by", parsed.GetValue(_by));
        Add("from", parsed.GetValue(_from));
        Add("to", parsed.GetValue(_to));
        foreach (var (name, option) in _filters)
        {
            Add(name, parsed.GetValue(option));
        }

        return parameters;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                parameters[name] = value;
            }
        }
    }
}
