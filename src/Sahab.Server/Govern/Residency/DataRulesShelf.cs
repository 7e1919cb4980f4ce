using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Whether metrics and traces are sent on, which the start of the process decides.</summary>
internal sealed record TelemetryExport(bool IsOn);

/// <summary>For how long content of an organisation is kept, or of one of its projects.</summary>
/// <param name="Project">Null: all of the organisation's.</param>
internal readonly record struct Retention(string Organisation, string? Project, TimeSpan KeepFor);

/// <summary>A configuration under which data could leave the rules; the message names every path.</summary>
internal sealed class ResidencyException(string message) : Exception(message);

/// <summary>
/// The rules that bind each project's calls, in memory. Changed at once where a rule is changed here, and within
/// <see cref="DataRulesLoop.Period"/> where that was on another node.
/// </summary>
internal sealed partial class DataRulesShelf(
    DataRulesStore rules, SubprocessorStore subprocessors, UseStore uses, ChangeCounter changes, TelemetryExport export,
    TimeProvider time, ILogger<DataRulesShelf> logger) : IDisposable
{
    readonly SemaphoreSlim _refreshing = new(1, 1);
    readonly Lock _gate = new();
    SahabConfig? _config;
    RuleTables _tables = RuleTables.Empty;
    RuleBook _book = RuleBook.Empty;
    Func<IEnumerable<KeyRules>> _keys = static () => [];

    /// <summary>The rules as they are now.</summary>
    public RuleBook Book => Volatile.Read(ref _book);

    /// <summary>What was set at run time, as it was last read.</summary>
    public RuleTables Tables => Volatile.Read(ref _tables);

    /// <summary>The rules that bind a project's calls; null: none does. Takes no lock and allocates nothing.</summary>
    public DataRules? For(string organisation, string project) => Book.For(organisation, project);

    /// <summary>The same with the key's own rules, where it has any.</summary>
    /// <param name="data">Those that were set at run time; null: none were, and the configuration may give it some.</param>
    public DataRules? For(string organisation, string project, string key, KeyData? data = null)
    {
        var book = Book;
        var rules = book.For(organisation, project);
        return data is not null ? data.In(book, rules)
            : rules is { Keys: { } keys } && keys.TryGetValue(key, out var own) ? own
            : rules;
    }

    /// <summary>Says how keys are found that have rules of their own, which are proved with each configuration.</summary>
    public void Watch(Func<IEnumerable<KeyRules>> keys) => Volatile.Write(ref _keys, keys);

    /// <summary>
    /// How long content is kept where a rule says so: that of an organisation, and that of its projects which keep it for
    /// less than the organisation does.
    /// </summary>
    public IEnumerable<Retention> Retentions()
    {
        var book = Book;
        foreach (var (organisation, rules) in book.Organisations)
        {
            if (rules.Bounds.KeepFor is { } keepFor)
            {
                yield return new Retention(organisation, null, keepFor);
            }
        }

        foreach (var ((organisation, project), rules) in book.Projects)
        {
            if (rules.Bounds.KeepFor is { } keepFor && keepFor != book.Organisations[organisation].Bounds.KeepFor)
            {
                yield return new Retention(organisation, project, keepFor);
            }
        }
    }

    /// <summary>Reads all that was set at run time, and puts it in force.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await _refreshing.WaitAsync(cancellation);
        try
        {
            // The count first: what changes while it is read is read again.
            var count = await changes.ReadAsync(cancellation);
            var tables = new RuleTables(
                count,
                await rules.ReadAllAsync(cancellation),
                await subprocessors.ReadAllAsync(cancellation),
                await subprocessors.StancesAsync(cancellation),
                await uses.CurrentAsync(cancellation));
            lock (_gate)
            {
                Volatile.Write(ref _tables, tables);
                PutInForce();
            }
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>
    /// The same for a change that is committed, which whoever asked for it must be told whatever comes of this: what cannot be
    /// read now is read within <see cref="DataRulesLoop.Period"/>, as if another node had changed it.
    /// </summary>
    public async Task TryRefreshAsync()
    {
        try
        {
            await RefreshAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            LogNotYet(failure);
        }
    }

    /// <summary>
    /// Puts in force what time alone has changed, such as the end of an approval. It asks nobody, so that it holds while the
    /// store cannot be reached.
    /// </summary>
    public void PassTime()
    {
        if (time.GetUtcNow() < Book.Until)
        {
            return;
        }

        lock (_gate)
        {
            PutInForce();
        }
    }

    /// <summary>Puts in force what time has changed, and reads all again if it has changed. True: it was read.</summary>
    public async Task<bool> LookAsync(CancellationToken cancellation)
    {
        PassTime();
        if (await changes.ReadAsync(cancellation) == Tables.Changes)
        {
            return false;
        }

        await RefreshAsync(cancellation);
        return true;
    }

    /// <summary>Prepares a configuration; the step that is returned puts its rules in force.</summary>
    /// <exception cref="ResidencyException">Under it data could leave the rules that were set at run time.</exception>
    public Action Prepare(SahabConfig config)
    {
        var tables = Tables;
        var faults = FaultsOf(config, tables)
            .Concat(new Register(tables.Register, time.GetUtcNow()).Missing(config))
            .ToList();
        if (faults.Count > 0)
        {
            throw new ResidencyException(string.Join(" ", faults));
        }

        return () =>
        {
            lock (_gate)
            {
                _config = config;
                PutInForce();
            }
        };
    }

    public void Dispose() => _refreshing.Dispose();

    RuleBook Build(SahabConfig config, RuleTables tables) =>
        new RuleBookBuilder(config, tables, export.IsOn, time.GetUtcNow()).Build();

    void PutInForce()
    {
        if (_config is not null)
        {
            Volatile.Write(ref _book, Build(_config, _tables));
        }
    }

    /// <summary>
    /// What of the run-time rules the configuration breaks. Rules that the one in force cannot keep either were accepted
    /// by another node, and this one takes no such calls: nobody who sets a rule may keep a server from being changed. At
    /// the start that is not known where several nodes may share the store.
    /// </summary>
    List<string> FaultsOf(SahabConfig config, RuleTables tables)
    {
        var before = _config;
        if (before is null && config.Metering.Store.Postgres is not null)
        {
            return [];
        }

        var keys = Volatile.Read(ref _keys)().ToList();
        var gone = tables.Rules
            .Select(stored => (
                Whose: $"{stored.Organisation}{(stored.Project.Length > 0 ? "/" : "")}{stored.Project}", stored.Rules))
            .Concat(keys.Select(key => (Whose: key.Name, key.Rules)))
            .SelectMany(
                each => DataRulesText.PlacesOf(each.Rules)
                    .Where(place => !Zones.Knows(config, place) && (before is null || Zones.Knows(before, place))),
                (each, place) => $"The data rules of {each.Whose} name the zone {place}, which this file has not. Put it back, "
                    + "or have the rules changed first.")
            .ToList();
        // A zone that is gone lets nothing anywhere: to say so once will do.
        var known = before is null ? [] : LeaksOf(before, tables, keys).Select(leak => (leak.Scope, leak.Kind)).ToHashSet();
        return gone.Count > 0 ? gone : [.. LeaksOf(config, tables, keys)
            .Where(leak => !known.Contains((leak.Scope, leak.Kind))).Select(leak => leak.ToString())];
    }

    IEnumerable<DataPath> LeaksOf(SahabConfig config, RuleTables tables, List<KeyRules> keys)
    {
        var book = Build(config, tables);
        return book.Leaks.Concat(keys.SelectMany(key => book.LeaksOf(key)));
    }

    [LoggerMessage(7303, LogLevel.Warning, "A change of the rules on data is made and not in force here yet; it will be in a "
        + "moment")]
    partial void LogNotYet(Exception failure);
}
