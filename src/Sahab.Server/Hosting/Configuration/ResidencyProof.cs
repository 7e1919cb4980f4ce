using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The kinds of way that data can take.</summary>
internal enum PathKind
{
    /// <summary>Through this node, which reads the call.</summary>
    Gateway,

    /// <summary>To a cloud, first or as a fallback.</summary>
    Attempt,

    /// <summary>What is kept of <c>/v1/responses</c>.</summary>
    StoredResponse,

    /// <summary>What was uploaded, and what batches put out.</summary>
    File,

    /// <summary>What came of a batch's lines, until its files are there.</summary>
    BatchResult,

    /// <summary>The journal of usage on this node.</summary>
    UsageJournal,

    /// <summary>The store of usage and postings.</summary>
    UsageStore,

    /// <summary>Metrics and traces that are sent on.</summary>
    TelemetryExport,
}

/// <summary>Whose rules are proved.</summary>
/// <param name="Name">As messages name it: <c>tenants.acme</c>, or <c>organisation org_x, project p</c>.</param>
/// <param name="Models">What it may call: models and aliases by name.</param>
internal sealed record DataScope(string Name, DataBounds Bounds, IReadOnlyList<string> Models);

/// <summary>What becomes of a path.</summary>
internal enum PathState
{
    /// <summary>Data may take it: it stays within the rules.</summary>
    Open,

    /// <summary>The server itself lets nothing take it.</summary>
    Closed,

    /// <summary>Data would take it and leave the rules.</summary>
    Leaking,
}

/// <summary>One way that data of one scope could take.</summary>
/// <param name="Through">The deployment, where it goes through one.</param>
/// <param name="Country">Where it leads; null: that is not known.</param>
/// <param name="Limits">The words of the rule that speaks of it; empty: none does.</param>
internal sealed record DataPath(
    string Scope, string Model, PathKind Kind, string? Through, string? Country, string Limits, PathState State)
{
    /// <summary>What is wrong with a path that leaks, without its scope.</summary>
    public string Fault => $"model {Model}, {WordsFor(Kind)}: {PlaceOf(Kind)} "
        + (Country is null ? "is in a country that is not said" : $"is in {Country}") + $", outside {Limits}";

    /// <summary>What can be done about it.</summary>
    public string Remedy => Kind switch
    {
        PathKind.Gateway => Said("server.country", "Widen process_in, or serve it from a node there"),
        PathKind.StoredResponse or PathKind.BatchResult => Said("metering.store.country", WidenStore),
        PathKind.File => Said("server.country", WidenStore),
        PathKind.UsageJournal => Said("server.country", WidenUsage),
        PathKind.UsageStore => Said("metering.store.country", WidenUsage),
        _ => Said("telemetry.export_country", "Export nothing, or widen usage_in"),
    };

    const string WidenStore = "Widen store_in, or write keep_for: 0s, so that nothing of content is kept";
    const string WidenUsage = "Widen usage_in, which says where records of usage may be, and which store_in stands for";

    string Said(string key, string remedy) => Country is null ? $"Say {key}. {remedy}" : remedy;

    public override string ToString() => $"{Scope}, {Fault}. {Remedy}.";

    public static string WordsFor(PathKind kind) => kind switch
    {
        PathKind.Gateway => "every call",
        PathKind.Attempt => "attempts",
        PathKind.StoredResponse => "stored responses",
        PathKind.File => "files",
        PathKind.BatchResult => "results of batches",
        PathKind.UsageJournal => "the usage journal",
        PathKind.UsageStore => "records of usage",
        _ => "the export of telemetry",
    };

    static string PlaceOf(PathKind kind) => kind switch
    {
        PathKind.StoredResponse or PathKind.BatchResult or PathKind.UsageStore => "the store",
        PathKind.TelemetryExport => "the collector",
        _ => "this node",
    };
}

/// <summary>What a proof came to.</summary>
/// <param name="Scopes">Tenants and keys that have rules.</param>
/// <param name="Paths">Ways that their data could take.</param>
internal sealed record ProofSummary(int Scopes, int Paths, int Open, int Closed)
{
    public static ProofSummary Of(ResidencyProof proof)
    {
        var (scopes, open, closed, leaking) = (0, 0, 0, 0);
        foreach (var scope in proof.ScopesOfFile())
        {
            scopes++;
            foreach (var path in proof.PathsOf(scope))
            {
                _ = path.State switch
                {
                    PathState.Open => open++,
                    PathState.Closed => closed++,
                    _ => leaking++,
                };
            }
        }

        return new ProofSummary(scopes, open + closed + leaking, open, closed);
    }
}

/// <summary>
/// Goes through every way that data of a scope could take under a configuration. Attempts are bound by the router, which
/// the same set of countries is given; what is left is where things lie, which nobody can route.
/// </summary>
/// <param name="exports">Whether metrics and traces are sent on.</param>
internal sealed class ResidencyProof(SahabConfig config, bool exports)
{
    readonly ConfigIndex _index = new(config);

    /// <summary>Where the store is: what is said, or this node's country where it is a file here.</summary>
    public string? StoreCountry => config.Metering.Store.Country
        ?? (config.Metering.Store.Postgres is null ? config.Server.Country : null);

    /// <summary>Every path, of each model that the scope may use.</summary>
    public IEnumerable<DataPath> PathsOf(DataScope scope) => scope.Models.SelectMany(model => PathsOf(scope, model));

    /// <summary>
    /// The paths that leak, one of each kind. Attempts are the only ones that differ between models, and those do not
    /// leak: so one model tells of all.
    /// </summary>
    public IEnumerable<DataPath> LeaksOf(DataScope scope) => scope.Bounds.IsFree
        ? []
        : scope.Models.Take(1).SelectMany(model => PathsOf(scope, model)).Where(path => path.State == PathState.Leaking);

    /// <summary>All names that a client may ask for.</summary>
    public IReadOnlyList<string> AllModels => [.. config.Models.Select(model => model.Id), .. config.Aliases.Keys];

    /// <summary>The scopes of the file that have rules: tenants, and keys with rules of their own.</summary>
    public IEnumerable<DataScope> ScopesOfFile()
    {
        foreach (var tenant in config.Tenants)
        {
            var bounds = DataBounds.Of(config, tenant.Data);
            if (!bounds.IsFree)
            {
                yield return new DataScope($"tenants.{tenant.Id}", bounds, ModelsOf(tenant));
            }

            foreach (var key in tenant.Keys.Where(key => key.Data is not null))
            {
                yield return new DataScope(
                    $"tenants.{tenant.Id}.keys.{key.Id}", DataBounds.Of(config, key.Data).Within(bounds), ModelsOf(key));
            }
        }
    }

    IReadOnlyList<string> ModelsOf(KeyConfig key) => key.Models is { } models ? models : AllModels;

    IReadOnlyList<string> ModelsOf(TenantConfig tenant) =>
        tenant.Keys.IsEmpty ? AllModels : [.. tenant.Keys.SelectMany(ModelsOf).Distinct(StringComparer.Ordinal)];

    IEnumerable<DataPath> PathsOf(DataScope scope, string model)
    {
        var (bounds, node, store) = (scope.Bounds, config.Server.Country, StoreCountry);
        var allowed = bounds.Attempts;
        yield return Judge(scope, model, PathKind.Gateway, node, bounds.Process);
        foreach (var place in _index.Model(model) is { } served ? _index.DeploymentsOf(served) : [])
        {
            var isWithin = allowed.IsAll || (CountryCode.TryParse(place.Country, out var code) && allowed.Contains(code));
            yield return new DataPath(
                scope.Name, model, PathKind.Attempt, place.Deployment.Id, place.Country, bounds.AttemptWords,
                isWithin ? PathState.Open : PathState.Closed);
        }

        yield return Keep(PathKind.StoredResponse, store);
        yield return Keep(PathKind.File, node);
        yield return Keep(PathKind.BatchResult, store);
        yield return Judge(scope, model, PathKind.UsageJournal, node, bounds.Usage);
        yield return Judge(scope, model, PathKind.UsageStore, store, bounds.Usage);
        yield return exports
            ? Judge(scope, model, PathKind.TelemetryExport, config.Telemetry.ExportCountry, bounds.Usage)
            : new DataPath(scope.Name, model, PathKind.TelemetryExport, null, null, bounds.Usage.Words, PathState.Closed);

        DataPath Keep(PathKind kind, string? country) => bounds.KeepsNothing
            ? new DataPath(scope.Name, model, kind, null, country, bounds.Store.Words, PathState.Closed)
            : Judge(scope, model, kind, country, bounds.Store);
    }

    static DataPath Judge(DataScope scope, string model, PathKind kind, string? country, PlaceSet allowed) => new(
        scope.Name, model, kind, null, country, allowed.Words,
        allowed.Contains(country) ? PathState.Open : PathState.Leaking);
}
