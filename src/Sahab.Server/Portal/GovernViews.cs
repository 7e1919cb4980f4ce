using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Govern.UsePolicy;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Portal;

/// <summary>
/// Where an organisation's data may go, what its projects are for, and who processes data. Public as
/// <see cref="ConsoleView"/> is.
/// </summary>
public sealed class DataView
{
    internal DataView(ConsoleView console) => Console = console;

    public ConsoleView Console { get; }

    /// <summary>Of the organisation first, then of each project.</summary>
    internal IReadOnlyList<DataScopeShown> Scopes { get; init; } = [];

    internal IReadOnlyList<string> UseClasses { get; init; } = [];

    internal IReadOnlyList<(Subprocessor Subprocessor, Stance? Stance)> Subprocessors { get; init; } = [];

    internal DateTimeOffset Now { get; init; }
}

/// <summary>What holds for the data of an organisation or a project.</summary>
/// <param name="Project">Null: the whole organisation.</param>
/// <param name="Own">What was set here; null: nothing.</param>
/// <param name="Process">Countries that hold, with all rules around; null: all.</param>
/// <param name="KeepFor">Null: without a limit of its own.</param>
/// <param name="Use">What it is declared to be for; null: the organisation, which declares nothing.</param>
internal sealed record DataScopeShown(
    string? Project, string Name, DataConfig? Own, string? Process, string? Store, string? Usage, string? KeepFor, UseAnswer? Use);

/// <summary>An organisation's part of the log of changes.</summary>
public sealed class AuditView
{
    internal AuditView(ConsoleView console) => Console = console;

    public ConsoleView Console { get; }

    internal IReadOnlyList<AuditRow> Entries { get; init; } = [];

    /// <summary>Which actions are shown; empty: all.</summary>
    internal string Action { get; init; } = "";

    /// <summary>Whether there are earlier ones.</summary>
    internal bool HasMore { get; init; }
}
