using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>A configuration that was applied.</summary>
/// <param name="Version">1 for the first, one more for each that replaced another.</param>
/// <param name="Source">The file, or what else it came from.</param>
/// <param name="SourceHash">SHA-256 of the file, in lower-case hexadecimal digits; empty where there is no file.</param>
/// <param name="Warnings">The risks that it was applied with.</param>
internal sealed record AppliedConfiguration(
    long Version, DateTimeOffset LoadedAt, string Source, string SourceHash, SahabConfig Config,
    ImmutableArray<ConfigProblem> Warnings);

/// <summary>The configuration in force, and what became of the last attempt to replace it.</summary>
/// <param name="LastAttemptAt">When a configuration was last tried, applied or not.</param>
/// <param name="LastErrors">Why the last attempt was refused; empty if it was not.</param>
internal sealed record ConfigurationStatus(
    AppliedConfiguration Applied, DateTimeOffset LastAttemptAt, ImmutableArray<string> LastErrors)
{
    /// <summary>Whether an older configuration stays in force because the newest was refused.</summary>
    public bool IsLastKnownGood => LastErrors.Length > 0;
}

/// <summary>
/// Prepares a part of the server for a configuration: builds all that it needs, changes nothing that can be seen, and
/// returns the step that makes it visible, which must not fail. To refuse the configuration, it throws.
/// </summary>
internal delegate Action PrepareConfiguration(SahabConfig config);

/// <summary>
/// The configuration in force. A new one is applied as a whole or not at all: every subscriber prepares first, and only
/// when all have agreed does any of them commit.
/// </summary>
internal sealed class ConfigurationState
{
    readonly Lock _lock = new();
    readonly TimeProvider _time;
    ImmutableArray<(string Name, PrepareConfiguration Prepare)> _subscribers = [];
    volatile ConfigurationStatus _status;

    public ConfigurationState(ConfigReading reading, TimeProvider time)
        : this(
            reading.Config ?? throw new ArgumentException("the configuration has errors", nameof(reading)),
            reading.Source, reading.Hash, reading.Warnings, time)
    {
    }

    public ConfigurationState(
        SahabConfig config, string source, string sourceHash, ImmutableArray<ConfigProblem> warnings,
        TimeProvider time)
    {
        _time = time;
        var now = time.GetUtcNow();
        _status = new ConfigurationStatus(
            new AppliedConfiguration(1, now, source, sourceHash, config, warnings), now, []);
    }

    /// <summary>The configuration in force. Read it once for one decision: the next read may give another.</summary>
    public SahabConfig Current => _status.Applied.Config;

    public ConfigurationStatus Status => _status;

    /// <summary>
    /// Applies the configuration in force to a part of the server, and every later one. Parts commit in the order in
    /// which they subscribed.
    /// </summary>
    /// <param name="name">What the part is called when it refuses a configuration.</param>
    public void Subscribe(string name, PrepareConfiguration prepare)
    {
        lock (_lock)
        {
            prepare(Current)();
            _subscribers = _subscribers.Add((name, prepare));
        }
    }

    /// <summary>Applies what was read, or keeps what is in force and remembers why.</summary>
    public bool TryApply(ConfigReading reading)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            ImmutableArray<string> errors = [.. reading.Errors.Select(error => error.ToString())];
            if (reading.Config is { } config && errors.Length == 0)
            {
                var commits = Prepare(config, out errors);
                if (errors.Length == 0)
                {
                    foreach (var commit in commits)
                    {
                        commit();
                    }

                    _status = new ConfigurationStatus(
                        new AppliedConfiguration(
                            _status.Applied.Version + 1, now, reading.Source, reading.Hash, config, reading.Warnings),
                        now, []);
                    return true;
                }
            }

            _status = _status with { LastAttemptAt = now, LastErrors = errors };
            return false;
        }
    }

    List<Action> Prepare(SahabConfig config, out ImmutableArray<string> errors)
    {
        var commits = new List<Action>(_subscribers.Length);
        var refusals = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, prepare) in _subscribers)
        {
            try
            {
                commits.Add(prepare(config));
            }
            catch (Exception exception)
            {
                // Whatever the part stumbled over, it has changed nothing yet, and neither has any other.
                refusals.Add($"{name} refuses the configuration: {exception.Message}");
            }
        }

        errors = refusals.ToImmutable();
        return commits;
    }
}
