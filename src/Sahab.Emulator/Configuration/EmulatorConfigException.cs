namespace Sahab.Emulator.Configuration;

/// <summary>The configuration cannot be started, for every reason in <see cref="Errors"/>.</summary>
public sealed class EmulatorConfigException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>What is wrong, one line each.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
