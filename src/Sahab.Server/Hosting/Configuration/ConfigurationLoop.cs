using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>
/// Applies the configuration file anew when it, or a file with a secret, changes, and on SIGHUP. The watcher makes it
/// quick; the poll makes it certain, for editors that replace files and volumes that swap symbolic links.
/// </summary>
internal sealed partial class ConfigurationLoop : BackgroundService
{
    /// <summary>How often the files are looked at.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    /// <summary>How long a change must hold still, so that a file is not read while it is being written.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(100);

    readonly ConfigurationState _state;
    readonly ConfigReader _reader;
    readonly string _path;
    readonly TimeProvider _time;
    readonly ILogger<ConfigurationLoop> _logger;

    // Two wishes to look are as good as one.
    readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    volatile bool _isForced;
    IReadOnlyList<string> _files;
    string _seen;

    /// <param name="first">The reading that <paramref name="state"/> began with.</param>
    public ConfigurationLoop(
        ConfigurationState state, ConfigReader reader, ConfigReading first, TimeProvider time,
        ILogger<ConfigurationLoop> logger)
    {
        _state = state;
        _reader = reader;
        _path = first.Source;
        _files = first.Files;
        _time = time;
        _logger = logger;
        _seen = Fingerprint();
    }

    /// <summary>Reads the file again even if it has not changed, as SIGHUP asks.</summary>
    public void Reload()
    {
        _isForced = true;
        _wake.Writer.TryWrite(true);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            // Not the end of the process, which it would be otherwise.
            context.Cancel = true;
            Reload();
        });
        using var watcher = Watch();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(stoppingToken);
                await LookAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Applies the file if it has changed since it was last tried, or if that was asked for.</summary>
    internal async Task LookAsync(CancellationToken cancellation)
    {
        var isForced = _isForced;
        _isForced = false;
        var now = Fingerprint();
        if (now == _seen && !isForced)
        {
            return;
        }

        if (now != _seen)
        {
            await Task.Delay(SettleTime, _time, cancellation);
            if (Fingerprint() != now)
            {
                // Still being written: the next look finds it whole.
                _isForced = isForced;
                _wake.Writer.TryWrite(true);
                return;
            }
        }

        _seen = now;
        Apply(_reader.Read(_path));
    }

    void Apply(ConfigReading reading)
    {
        // The secrets of the newest file count even if it is refused: a missing one may be what is wrong with it.
        if (!_files.SequenceEqual(reading.Files))
        {
            _files = reading.Files;
            _seen = Fingerprint();
        }

        if (_state.TryApply(reading))
        {
            LogApplied(_logger, reading.Source, _state.Status.Applied.Version, reading.Warnings.Length);
            foreach (var warning in reading.Warnings)
            {
                LogWarning(_logger, warning.ToString());
            }

            return;
        }

        foreach (var error in _state.Status.LastErrors)
        {
            LogError(_logger, error);
        }

        LogRefused(_logger, reading.Source, _state.Status.LastErrors.Length, _state.Status.Applied.Version);
    }

    async Task WaitAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var poll = Task.Delay(PollInterval, _time, either.Token);
        var wake = _wake.Reader.ReadAsync(either.Token).AsTask();
        await Task.WhenAny(poll, wake);
        await either.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(_path))!);
            watcher.Changed += (_, _) => _wake.Writer.TryWrite(true);
            watcher.Created += (_, _) => _wake.Writer.TryWrite(true);
            watcher.Renamed += (_, _) => _wake.Writer.TryWrite(true);
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Some file systems cannot be watched, and the number of watches is limited.
            LogNotWatched(_logger, exception.Message);
            return null;
        }
    }

    /// <summary>A hash of the contents of all files; times and sizes lie where links are swapped.</summary>
    string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in _files)
        {
            try
            {
                hash.AppendData([1]);
                using var stream = File.OpenRead(file);
                hash.AppendData(stream.Length > ConfigReader.MaxBytes
                    ? BitConverter.GetBytes(stream.Length)
                    : SHA256.HashData(stream));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                hash.AppendData([0]);
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    [LoggerMessage(100, LogLevel.Information,
        "Configuration {Source} is in force as version {Version}, with {Warnings} warnings")]
    static partial void LogApplied(ILogger logger, string source, long version, int warnings);

    [LoggerMessage(101, LogLevel.Warning, "{Problem}")]
    static partial void LogWarning(ILogger logger, string problem);

    [LoggerMessage(102, LogLevel.Error, "{Problem}")]
    static partial void LogError(ILogger logger, string problem);

    [LoggerMessage(103, LogLevel.Error,
        "Configuration {Source} is refused for {Errors} errors; version {Version} stays in force")]
    static partial void LogRefused(ILogger logger, string source, int errors, long version);

    [LoggerMessage(104, LogLevel.Warning,
        "The folder of the configuration cannot be watched, so that changes are seen by looking only: {Reason}")]
    static partial void LogNotWatched(ILogger logger, string reason);
}
