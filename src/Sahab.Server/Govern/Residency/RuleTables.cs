using System.Collections.Frozen;
using System.Collections.Immutable;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>All that was set at run time, as it was read.</summary>
/// <param name="Changes">The count of changes when it was read; what is read later may be newer.</param>
internal sealed record RuleTables(
    long Changes, List<StoredRules> Rules, List<Subprocessor> Register, List<Stance> Stances, List<ProjectUse> Uses)
{
    public static RuleTables Empty { get; } = new(0, [], [], [], []);
}

/// <summary>The rules of everybody at an instant: made of the configuration and of what was set at run time.</summary>
internal sealed class RuleBook
{
    public static RuleBook Empty { get; } = new();

    public FrozenDictionary<(string Organisation, string Project), DataRules> Projects { get; init; } =
        FrozenDictionary<(string, string), DataRules>.Empty;

    public FrozenDictionary<string, DataRules> Organisations { get; init; } = FrozenDictionary<string, DataRules>.Empty;

    /// <summary>For whom nobody has said anything; null: nothing binds them.</summary>
    public DataRules? Others { get; init; }

    /// <summary>Whether nobody is bound by anything.</summary>
    public bool IsEmpty => Projects.Count == 0 && Organisations.Count == 0 && Others is null;

    /// <summary>When time alone changes it next.</summary>
    public DateTimeOffset Until { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>What of the run-time rules could not be kept under the configuration.</summary>
    public ImmutableArray<DataPath> Leaks { get; init; } = [];

    /// <summary>The configuration that it is made of; null: none is in force yet.</summary>
    public SahabConfig? Config { get; init; }

    /// <summary>What proves rules under the configuration; null: none is in force yet.</summary>
    public ResidencyProof? Proof { get; init; }

    /// <summary>The rules of an organisation's project; null: none bind it.</summary>
    public DataRules? For(string organisation, string project) => IsEmpty ? null
        : Projects.TryGetValue((organisation, project), out var rules)
            || Organisations.TryGetValue(organisation, out rules) ? rules
        : Others;

    /// <summary>The rules of a key within those of its project. Nothing is taken that could leave them.</summary>
    public DataRules Of(KeyRules key, DataRules? outer)
    {
        var bounds = BoundsOf(key, outer);
        return new DataRules
        {
            Bounds = bounds,
            Barred = outer?.Barred,
            Use = outer?.Use,
            Refusal = outer?.Refusal ?? (LeaksOf(key, bounds).FirstOrDefault() is { } leak ? NotKept(leak) : null),
        };
    }

    /// <summary>What of a key's rules could not be kept.</summary>
    public IEnumerable<DataPath> LeaksOf(KeyRules key) => LeaksOf(key, BoundsOf(key, For(key.Organisation, key.Project)));

    public DataBounds BoundsOf(KeyRules key, DataRules? outer) => Config is null
        ? outer?.Bounds ?? DataBounds.Free
        : DataBounds.Of(Config, key.Rules).Within(outer?.Bounds ?? DataBounds.Free);

    public static DataRefusal NotKept(DataPath leak) => new(
        "data_rules_not_kept",
        $"This node cannot keep the rules on this project's data: {leak.Fault}. Whoever runs this server must mend that.");

    IEnumerable<DataPath> LeaksOf(KeyRules key, DataBounds bounds) =>
        Proof?.LeaksOf(new DataScope(key.Name, bounds, Proof.AllModels)) ?? [];
}

/// <summary>Makes a <see cref="RuleBook"/>. Pure.</summary>
internal sealed class RuleBookBuilder(SahabConfig config, RuleTables tables, bool exports, DateTimeOffset now)
{
    readonly ResidencyProof _proof = new(config, exports);
    readonly ImmutableArray<DataPath>.Builder _leaks = ImmutableArray.CreateBuilder<DataPath>();
    readonly Dictionary<string, TenantConfig> _tenants =
        config.Tenants.ToDictionary(tenant => tenant.Id, StringComparer.Ordinal);
    readonly Dictionary<(string, string), DataConfig> _rules =
        tables.Rules.ToDictionary(rule => (rule.Organisation, rule.Project), rule => rule.Rules);
    readonly ILookup<string, string> _ruled =
        tables.Rules.ToLookup(rule => rule.Organisation, rule => rule.Project, StringComparer.Ordinal);

    readonly ILookup<string, ProjectUse> _uses = tables.Uses.ToLookup(use => use.Organisation, StringComparer.Ordinal);
    readonly ILookup<string, Stance> _stances = tables.Stances.ToLookup(stance => stance.Organisation, StringComparer.Ordinal);
    readonly Register _register = new(tables.Register, now);

    public RuleBook Build()
    {
        var organisations = new Dictionary<string, DataRules>(StringComparer.Ordinal);
        var projects = new Dictionary<(string, string), DataRules>();
        var others = _register.BarredFor([]);
        foreach (var organisation in Named())
        {
            var outer = BoundsOf(organisation);
            var barred = _stances.Contains(organisation) ? _register.BarredFor(_stances[organisation]) : others;
            organisations[organisation] = Make(organisation, "", outer, null, barred);
            foreach (var project in ProjectsOf(organisation))
            {
                var use = _uses[organisation].FirstOrDefault(use => use.Project == project);
                projects[(organisation, project)] = Make(organisation, project, outer, use, barred);
            }
        }

        return new RuleBook
        {
            Organisations = organisations.ToFrozenDictionary(StringComparer.Ordinal),
            Projects = projects.ToFrozenDictionary(),
            Others = others is null ? null : new DataRules { Bounds = DataBounds.Free, Barred = others },
            Until = Next(),
            Leaks = _leaks.ToImmutable(),
            Config = config,
            Proof = _proof,
        };
    }

    /// <summary>The rules of an organisation: those of the file, and within them those that were set at run time.</summary>
    public DataBounds BoundsOf(string organisation)
    {
        var file = DataBounds.Of(config, _tenants.GetValueOrDefault(organisation)?.Data);
        return DataBounds.Of(config, _rules.GetValueOrDefault((organisation, ""))).Within(file);
    }

    IEnumerable<string> Named() => config.Tenants
        .Where(tenant => tenant.Data is not null || tenant.Keys.Any(key => key.Data is not null)).Select(tenant => tenant.Id)
        .Concat(tables.Rules.Select(rule => rule.Organisation))
        .Concat(tables.Stances.Select(stance => stance.Organisation))
        .Concat(tables.Uses.Select(use => use.Organisation))
        .Distinct(StringComparer.Ordinal);

    IEnumerable<string> ProjectsOf(string organisation) => _ruled[organisation]
        .Where(project => project.Length > 0)
        .Concat(_uses[organisation].Select(use => use.Project))
        .Distinct(StringComparer.Ordinal);

    DataRules Make(
        string organisation, string project, DataBounds outer, ProjectUse? use, FrozenDictionary<string, ProviderBar>? barred)
    {
        var terms = use is null ? null : UseTerms.Of(config, use.Class);
        var bounds = outer;
        if (project.Length > 0)
        {
            bounds = DataBounds.Of(config, _rules.GetValueOrDefault((organisation, project)))
                .Within(DataBounds.Of(config, terms?.Data)).Within(outer);
        }

        // What nobody may use yet is proved as well: it would leak from the moment of its approval.
        var unkept = Prove(organisation, project, bounds);
        var rules = new DataRules
        {
            Bounds = bounds,
            Barred = barred,
            Use = terms?.Limits,
            Refusal = RefusalOf(use, terms) ?? unkept,
        };
        return project is "" or TenantConfig.DefaultProject ? WithKeys(rules, organisation) : rules;
    }

    DataRefusal? RefusalOf(ProjectUse? use, UseTerms? terms)
    {
        if (use is null)
        {
            return null;
        }

        return terms is null
            ? new DataRefusal(
                "use_not_approved",
                $"This project is declared to be for '{use.Class}', which is no use class any more. Declare what it is for.")
            : use.WhyNot(terms, now) is { } why ? new DataRefusal("use_not_approved", why) : null;
    }

    /// <summary>Nothing is taken that could leave the rules: another node may have accepted them, or the file changed.</summary>
    DataRefusal? Prove(string organisation, string project, DataBounds bounds)
    {
        var name = project.Length == 0 ? $"organisation {organisation}" : $"organisation {organisation}, project {project}";
        var leaks = _proof.LeaksOf(new DataScope(name, bounds, _proof.AllModels)).ToList();
        if (leaks.Count == 0)
        {
            return null;
        }

        _leaks.AddRange(leaks);
        return RuleBook.NotKept(leaks[0]);
    }

    DataRules WithKeys(DataRules rules, string organisation)
    {
        var keys = _tenants.GetValueOrDefault(organisation)?.Keys.Where(key => key.Data is not null).ToFrozenDictionary(
            key => key.Id,
            key => new DataRules
            {
                Bounds = DataBounds.Of(config, key.Data).Within(rules.Bounds),
                Barred = rules.Barred,
                Use = rules.Use,
                Refusal = rules.Refusal,
            },
            StringComparer.Ordinal);
        return keys is not { Count: > 0 } ? rules : new DataRules
        {
            Bounds = rules.Bounds,
            Barred = rules.Barred,
            Use = rules.Use,
            Refusal = rules.Refusal,
            Keys = keys,
        };
    }

    DateTimeOffset Next() => tables.Register.Select(each => each.EffectiveAt)
        .Concat(tables.Uses.Select(use => use.ExpiresAt ?? DateTimeOffset.MaxValue))
        .Where(at => at > now)
        .DefaultIfEmpty(DateTimeOffset.MaxValue)
        .Min();
}
