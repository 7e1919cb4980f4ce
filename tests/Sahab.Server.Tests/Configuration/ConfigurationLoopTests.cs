using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

/// <summary>Real files, a real watcher, the real signal.</summary>
public sealed class ConfigurationLoopTests : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly TemporaryFolder _folder = new();
    readonly LogLines _log = new();
    readonly Channel<decimal> _applied = Channel.CreateUnbounded<decimal>();
    ConfigurationState? _state;
    ConfigurationLoop? _loop;
    int _prices;

    [Fact]
    public async Task A_file_that_is_written_anew_is_applied()
    {
        await StartAsync(ConfigText.Small);

        _folder.Write("sahab.yaml", Priced("0.30"));

        (await NextPriceAsync()).ShouldBe(0.30m);
        _state!.Status.Applied.Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_that_is_replaced_is_applied()
    {
        await StartAsync(ConfigText.Small);

        _folder.Replace("sahab.yaml", Priced("0.30"));
        (await NextPriceAsync()).ShouldBe(0.30m);
        _folder.Replace("sahab.yaml", Priced("0.40"));
        (await NextPriceAsync()).ShouldBe(0.40m);
    }

    [Fact]
    public async Task A_symbolic_link_that_is_turned_to_another_folder_is_followed_as_volumes_do_it()
    {
        Directory.CreateDirectory(_folder.PathOf("one"));
        Directory.CreateDirectory(_folder.PathOf("two"));
        _folder.Write("one/sahab.yaml", ConfigText.Small);
        _folder.Write("two/sahab.yaml", Priced("0.30"));
        Directory.CreateSymbolicLink(_folder.PathOf("data"), _folder.PathOf("one"));
        File.CreateSymbolicLink(_folder.PathOf("sahab.yaml"), "data/sahab.yaml");
        await StartAsync(null);

        Directory.CreateSymbolicLink(_folder.PathOf("data.new"), _folder.PathOf("two"));
        using var move = Process.Start("mv", ["-T", _folder.PathOf("data.new"), _folder.PathOf("data")]);
        await move.WaitForExitAsync();
        move.ExitCode.ShouldBe(0);

        (await NextPriceAsync()).ShouldBe(0.30m);
    }

    [Fact]
    public async Task A_file_with_errors_keeps_the_last_good_one_and_logs_each_error()
    {
        await StartAsync(ConfigText.Small);

        _folder.Write("sahab.yaml", Priced("-1").Replace("region: eastus", "region: west", StringComparison.Ordinal));

        await _log.WaitForAsync("is refused for 2 errors; version 1 stays in force");
        _log.Lines.ShouldContain(line => line.Contains("price.prompt: -1 is out of range", StringComparison.Ordinal));
        _log.Lines.ShouldContain(line => line.Contains("there is no \"west\"", StringComparison.Ordinal));
        _state!.Status.IsLastKnownGood.ShouldBeTrue();
        _state.Current.Deployments[0].Price.Prompt.ShouldBe(0.15m);

        _folder.Write("sahab.yaml", Priced("0.30"));
        (await NextPriceAsync()).ShouldBe(0.30m);
        _state.Status.IsLastKnownGood.ShouldBeFalse();
    }

    [Fact]
    public async Task A_secret_that_changes_is_read_anew()
    {
        _folder.Write("azure.key", "first-secret");
        await StartAsync(ConfigText.With("env: AZURE_API_KEY", "file: azure.key"));
        _state!.Current.Providers[0].Credentials!.Value!.Reveal().ShouldBe("first-secret");

        _folder.Replace("azure.key", "second-secret");

        await NextPriceAsync();
        _state.Current.Providers[0].Credentials!.Value!.Reveal().ShouldBe("second-secret");
        _log.Lines.ShouldNotContain(line => line.Contains("-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_goes_and_comes_back_leaves_the_last_good_one_in_between()
    {
        _folder.Write("azure.key", "first-secret");
        await StartAsync(ConfigText.With("env: AZURE_API_KEY", "file: azure.key"));

        File.Delete(_folder.PathOf("azure.key"));
        await _log.WaitForAsync("the file named here does not exist");
        _state!.Current.Providers[0].Credentials!.Value!.Reveal().ShouldBe("first-secret");

        _folder.Write("azure.key", "second-secret");
        // A look that began before the file went may still apply the first secret once more.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (_state.Current.Providers[0].Credentials!.Value!.Reveal() != "second-secret")
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(20);
        }
    }

    [Fact]
    public async Task SIGHUP_reads_the_file_again_even_if_it_has_not_changed()
    {
        await StartAsync(ConfigText.Small);

        using var kill = Process.Start("kill", ["-HUP", $"{Environment.ProcessId}"]);
        await kill.WaitForExitAsync();
        kill.ExitCode.ShouldBe(0);

        (await NextPriceAsync()).ShouldBe(0.15m);
        _state!.Status.Applied.Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_that_has_not_changed_is_left_alone()
    {
        await StartAsync(ConfigText.Small);

        File.SetLastWriteTimeUtc(_folder.PathOf("sahab.yaml"), DateTime.UnixEpoch);
        await _loop!.LookAsync(CancellationToken.None);

        _state!.Status.Applied.Version.ShouldBe(1);
    }

    public async ValueTask DisposeAsync()
    {
        if (_loop is not null)
        {
            await _loop.StopAsync(CancellationToken.None);
            _loop.Dispose();
        }

        _folder.Dispose();
    }

    static string Priced(string price) => ConfigText.With("prompt: 0.15", $"prompt: {price}");

    async Task StartAsync(string? text)
    {
        if (text is not null)
        {
            _folder.Write("sahab.yaml", text);
        }

        var reader = new ConfigReader(ConfigText.Environment);
        var reading = reader.Read(_folder.PathOf("sahab.yaml"));
        _state = new ConfigurationState(reading, TimeProvider.System);
        _state.Subscribe("test", config => () => _applied.Writer.TryWrite(config.Deployments[0].Price.Prompt));
        (await NextPriceAsync()).ShouldBe(0.15m);
        _loop = new ConfigurationLoop(_state, reader, reading, TimeProvider.System, _log);
        await _loop.StartAsync(CancellationToken.None);
    }

    async Task<decimal> NextPriceAsync()
    {
        var price = await _applied.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        _prices++;
        // Each part commits before the whole is in force.
        while (_state!.Status.Applied.Version < _prices)
        {
            await Task.Delay(5);
        }

        return price;
    }

    sealed class LogLines : ILogger<ConfigurationLoop>
    {
        readonly Channel<string> _new = Channel.CreateUnbounded<string>();
        readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines => _lines;

        public async Task WaitForAsync(string part)
        {
            while (!_lines.Exists(line => line.Contains(part, StringComparison.Ordinal)))
            {
                _lines.Add(await _new.Reader.ReadAsync().AsTask().WaitAsync(Patience));
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => _new.Writer.TryWrite(formatter(state, exception));
    }
}
