using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sahab.Server.Tests.Metering;

/// <summary>A log that a test can read.</summary>
internal sealed class CollectingLogger<T> : ILogger<T>
{
    readonly ConcurrentQueue<(LogLevel Level, string Message)> _entries = new();

    public IEnumerable<string> Messages => _entries.Select(entry => entry.Message);

    public int Count(LogLevel level) => _entries.Count(entry => entry.Level == level);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((logLevel, formatter(state, exception)));
}
