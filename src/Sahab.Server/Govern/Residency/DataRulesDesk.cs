using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Sets the rules on data of organisations and projects, once it is proved that they can be kept.</summary>
internal sealed class DataRulesDesk(
    DataRulesStore store, DataRulesShelf shelf, IHolders holders, ConfigurationState configuration, TelemetryExport export)
{
    const int MaxPlaces = 300;
    static readonly TimeSpan MaxKeepFor = TimeSpan.FromHours(87_600);

    /// <summary>What was set for an organisation or a project, and what holds for it.</summary>
    public IResult Get(string organisation, string? project)
    {
        var own = shelf.Tables.Rules.FirstOrDefault(
            stored => stored.Organisation == organisation && stored.Project == (project ?? ""));
        return Results.Ok(Answer(organisation, project, own?.Rules));
    }

    /// <summary>Sets rules, if no path could leave them.</summary>
    public async Task<IResult> SetAsync(string organisation, string? project, HttpContext context)
    {
        var (body, fault) = await ControlBody.ReadAsync<DataRulesBody>(context);
        return body is null
            || (fault = FaultOf(organisation, project) ?? body.FaultIn(configuration.Current)
                ?? await holders.FindFaultAsync(organisation, project, context.RequestAborted)) is not null
            ? fault!
            : await ChangeAsync(organisation, project, body.ToRules(), context);
    }

    /// <summary>Removes rules, unless narrower ones could then be left.</summary>
    public Task<IResult> RemoveAsync(string organisation, string? project, HttpContext context) =>
        ChangeAsync(organisation, project, null, context);

    async Task<IResult> ChangeAsync(string organisation, string? project, DataConfig? rules, HttpContext context)
    {
        var fault = await store.ChangeAsync(
            organisation, project ?? "", rules, all => Judge(organisation, all), Caller.Of(context).Name,
            context.RequestAborted);
        if (fault is not null)
        {
            return fault;
        }

        await shelf.TryRefreshAsync();
        return Results.Ok(Answer(organisation, project, rules));
    }

    /// <summary>What is wrong with an organisation's rules as they would be: a path that leaks, or nowhere left to go.</summary>
    ControlProblem? Judge(string organisation, List<StoredRules> all)
    {
        var others = shelf.Tables.Rules.Count(stored => stored.Organisation != organisation);
        if (all.Count > DataRulesStore.MaxRulesOfOne || others + all.Count > DataRulesStore.MaxRules)
        {
            return ControlError.Conflict(
                $"There would be more rules than there may be: {DataRulesStore.MaxRulesOfOne} of an organisation, "
                + $"{DataRulesStore.MaxRules} of all.");
        }

        return Judge(organisation, shelf.Tables with { Rules = all });
    }

    /// <summary>What is wrong with a project's being declared to be for a class: that its rules could not be kept here.</summary>
    public ControlProblem? JudgeUse(string organisation, string project, UseTerms terms)
    {
        var use = new ProjectUse(
            default, organisation, project, terms.Class, "", UseState.Approved, "", default, null, null, "", ProjectUse.Needed, 0);
        var tables = shelf.Tables;
        return Judge(organisation, tables with
        {
            Rules = tables.Rules.FindAll(stored => stored.Organisation == organisation),
            Uses = [use, .. tables.Uses.Where(other => other.Organisation == organisation && other.Project != project)],
        });
    }

    ControlProblem? Judge(string organisation, RuleTables tables)
    {
        var config = configuration.Current;
        tables = tables with
        {
            Uses = tables.Uses.FindAll(use => use.Organisation == organisation),
            Stances = [],
            Register = [],
        };
        // Instants play no part in where things lie.
        var book = new RuleBookBuilder(config, tables, export.IsOn, DateTimeOffset.UnixEpoch).Build();
        return FaultOf(book.Leaks.Where(leak => IsOf(leak.Scope, organisation)))
            ?? FaultOf(book.Projects.Where(pair => pair.Key.Organisation == organisation).Select(pair => pair.Value)
                .Append(book.Organisations.GetValueOrDefault(organisation))
                .FirstOrDefault(rules => rules is not null && !IsAnywhere(rules.Bounds, config))?.Bounds);
    }

    /// <summary>What is wrong with rules of a key within those of its project: a path that leaks, or nowhere left to go.</summary>
    public ControlProblem? JudgeKey(KeyRules key)
    {
        var book = shelf.Book;
        var bounds = book.BoundsOf(key, book.For(key.Organisation, key.Project));
        return FaultOf(book.LeaksOf(key)) ?? FaultOf(IsAnywhere(bounds, configuration.Current) ? null : bounds);
    }

    static ControlProblem? FaultOf(IEnumerable<DataPath> leaks) =>
        leaks.ToList() is not { Count: > 0 } some ? null : ControlError.Conflict(
            $"Data could leave these rules. {some[0]}",
            new JsonObject { ["paths"] = new JsonArray([.. some.Select(leak => (JsonNode)leak.ToString())]) });

    /// <param name="narrow">Rules that let no call go anywhere; null: there are none.</param>
    static ControlProblem? FaultOf(DataBounds? narrow) => narrow is null ? null : ControlError.Conflict(
        $"No deployment of any model stands in {narrow.AttemptWords}, so that no call could go anywhere. Widen process_in or "
        + "store_in.");

    static bool IsOf(string scope, string organisation) =>
        scope == $"organisation {organisation}"
        || scope.StartsWith($"organisation {organisation}, ", StringComparison.Ordinal);

    static bool IsAnywhere(DataBounds bounds, SahabConfig config)
    {
        var allowed = bounds.Attempts;
        return allowed.IsAll || config.Deployments.Any(deployment => config.FindRegion(deployment) is { } region
            && allowed.Contains(Sahab.Routing.Requests.CountryCode.Parse(region.Country)));
    }

    static ControlProblem? FaultOf(string organisation, string? project) =>
        IsName(organisation) && (project is null || IsName(project)) ? null : ControlError.Invalid(
            "project", $"Organisations and projects have ids: {TextForms.Describe(TextForm.Id)}.");

    static bool IsName(string name) => TextForms.Fits(TextForm.Id, name);

    DataRulesAnswer Answer(string organisation, string? project, DataConfig? own)
    {
        var bounds = (project is null ? shelf.Book.Organisations.GetValueOrDefault(organisation)
            : shelf.For(organisation, project))?.Bounds ?? DataBounds.Free;
        return new DataRulesAnswer(
            organisation, project, own is null ? null : DataRulesBody.Of(own),
            new EffectiveRules(
                CodesOf(bounds.Process), CodesOf(bounds.Store), CodesOf(bounds.Usage),
                bounds.KeepFor is { } keep ? Scalars.Format(keep) : null,
                "Records of usage hold no content and are kept for billing, whatever keep_for says."));
    }

    static string[]? CodesOf(PlaceSet places) =>
        places.IsAll ? null : places.Countries.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries);

    internal sealed record DataRulesBody(
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string[]? ProcessIn = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string[]? StoreIn = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string[]? UsageIn = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? KeepFor = null)
    {
        public static DataRulesBody Of(DataConfig rules) => new(
            rules.ProcessIn?.ToArray(), rules.StoreIn?.ToArray(), rules.UsageIn?.ToArray(),
            rules.KeepFor is { } keep ? Scalars.Format(keep) : null);

        /// <summary>Whether it rules nothing.</summary>
        [JsonIgnore]
        public bool IsEmpty => ProcessIn is null && StoreIn is null && UsageIn is null && KeepFor is null;

        public ControlProblem? FaultIn(SahabConfig config)
        {
            foreach (var (name, places) in (ReadOnlySpan<(string, string[]?)>)
            [
                ("process_in", ProcessIn), ("store_in", StoreIn), ("usage_in", UsageIn),
            ])
            {
                if (places is { Length: 0 or > MaxPlaces })
                {
                    return ControlError.Invalid(name, $"Name 1 to {MaxPlaces} countries and zones, or leave '{name}' out for all.");
                }

                if (places?.FirstOrDefault(place => place is null || !Zones.Knows(config, place)) is { } unknown)
                {
                    return ControlError.Invalid(
                        name, $"There is no {TextForms.Quote(unknown)} among the countries and zones. "
                        + $"Zones are {string.Join(", ", Zones.NamesOf(config))}; a country is written as NO or US.");
                }
            }

            return KeepFor is null || (Scalars.TryDuration(KeepFor, out var keep) && keep >= TimeSpan.Zero && keep <= MaxKeepFor)
                ? null
                : ControlError.Invalid("keep_for", $"'keep_for' must be {Scalars.DurationHint}, at most 87600h; 0s keeps nothing.");
        }

        public DataConfig ToRules() => new()
        {
            ProcessIn = ProcessIn?.ToImmutableArray(),
            StoreIn = StoreIn?.ToImmutableArray(),
            UsageIn = UsageIn?.ToImmutableArray(),
            KeepFor = KeepFor is { } text && Scalars.TryDuration(text, out var keep) ? keep : null,
        };
    }

    /// <param name="Own">What was set here; null: nothing was.</param>
    /// <param name="Effective">What holds, with all rules around it.</param>
    internal sealed record DataRulesAnswer(string Organisation, string? Project, DataRulesBody? Own, EffectiveRules Effective);

    /// <summary>Countries in each, null for all.</summary>
    internal sealed record EffectiveRules(string[]? ProcessIn, string[]? StoreIn, string[]? UsageIn, string? KeepFor, string Note);
}
