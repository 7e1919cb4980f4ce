using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>Whether a problem keeps the configuration from being applied.</summary>
internal enum Severity
{
    Error,
    Warning,
}

/// <summary>Something wrong or risky in the configuration, with its place and its remedy.</summary>
/// <param name="Line">From 1; 0 where no line is to blame.</param>
/// <param name="Column">From 1; 0 where no line is to blame.</param>
/// <param name="Key">The path of keys, such as <c>deployments.azure-eastus.price.prompt</c>; empty for the whole.</param>
/// <param name="Message">What is wrong, without a full stop.</param>
/// <param name="Remedy">What would be right, without a full stop.</param>
internal sealed record ConfigProblem(
    Severity Severity, string File, int Line, int Column, string Key, string Message, string Remedy)
{
    /// <summary>One line, in the form that editors and CI systems recognise.</summary>
    public override string ToString()
    {
        var severity = Severity == Severity.Error ? "error" : "warning";
        var key = Key.Length == 0 ? "" : $"{Key}: ";
        var place = Line == 0 ? File : $"{File}:{Line}:{Column}";
        var remedy = Remedy.Length == 0 ? "" : Remedy.EndsWith('?') ? $" {Remedy}" : $" {Remedy}.";
        return $"{place}: {severity}: {key}{Message}.{remedy}";
    }
}

/// <summary>The problems of one reading, and where each key stands.</summary>
internal sealed class ProblemList(string file)
{
    /// <summary>More than anybody fixes in one sitting.</summary>
    public const int MaxProblems = 1000;

    readonly List<ConfigProblem> _problems = [];
    readonly Dictionary<string, (int Line, int Column)> _places = new(StringComparer.Ordinal);

    public bool HasErrors { get; private set; }

    /// <summary>Whether an error was reported at this key or below it.</summary>
    public bool HasErrorAt(string key) => _problems.Exists(problem => problem.Severity == Severity.Error
        && problem.Key.StartsWith(key, StringComparison.Ordinal));

    /// <summary>The part of a key between another and a name below it, name included; empty where there is none.</summary>
    public string FindBelow(string key, string name) =>
        _places.Keys.FirstOrDefault(place => place.StartsWith(key + ".", StringComparison.Ordinal)
            && place.EndsWith("." + name, StringComparison.Ordinal))?[key.Length..] ?? "";

    /// <summary>Remembers where a key or its value stands.</summary>
    public void Place(string key, ConfigNode node) => _places[key] = (node.Line, node.Column);

    public void Error(string key, string message, string remedy) => Error(PlaceOf(key), key, message, remedy);

    public void Error(ConfigNode node, string key, string message, string remedy) =>
        Error((node.Line, node.Column), key, message, remedy);

    public void Error((int Line, int Column) place, string key, string message, string remedy)
    {
        HasErrors = true;
        Add(new ConfigProblem(Severity.Error, file, place.Line, place.Column, key, message, remedy));
    }

    public void Warn(string key, string message, string remedy)
    {
        var (line, column) = PlaceOf(key);
        Add(new ConfigProblem(Severity.Warning, file, line, column, key, message, remedy));
    }

    /// <summary>The problems in the order of their places.</summary>
    public ImmutableArray<ConfigProblem> ToImmutable() =>
        [.. _problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    void Add(ConfigProblem problem)
    {
        if (_problems.Count < MaxProblems && !_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }

    /// <summary>The place of the key, or of the nearest key above it that stands in the file.</summary>
    (int Line, int Column) PlaceOf(string key)
    {
        while (key.Length > 0)
        {
            if (_places.TryGetValue(key, out var place))
            {
                return place;
            }

            key = key[..Math.Max(0, key.LastIndexOfAny(['.', '[']))];
        }

        return (1, 1);
    }
}
