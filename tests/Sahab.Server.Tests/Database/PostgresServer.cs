using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Sahab.Server.Tests.Database;

/// <summary>
/// A real PostgreSQL for the tests that share the collection: in a folder of its own, reached by a Unix socket only,
/// and stopped with the tests, even when they are killed.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>To stop, and to delete what hundreds of databases have left.</summary>
    static readonly TimeSpan PatienceToStop = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Stops the server when standard input ends, which it does with the test process, however that ends.
    /// </summary>
    const string Script = """
        set -e
        dir=$1; bin=$2; shift 2
        "$@" "$bin/initdb" -D "$dir/data" -U sahab -A trust -E UTF8 --no-locale --no-sync > "$dir/initdb.log" 2>&1
        "$@" "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off \
            -c max_connections=400 > "$dir/postgres.log" 2>&1 &
        cat > /dev/null || true
        "$@" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop > /dev/null 2>&1 || true
        rm -rf "$dir"
        """;

    readonly string _folder = Directory.CreateTempSubdirectory("sahab-postgres-").FullName;
    Process? _process;
    int _databases;

    public async Task InitializeAsync()
    {
        var binaries = FindBinaries();
        string[] asUser = [];
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root.
            var user = await RunAsync("id", "-u", "postgres") == 0 ? "postgres" : "nobody";
            (await RunAsync("chown", user, _folder)).ShouldBe(0);
            asUser = ["runuser", "-u", user, "--"];
        }

        (await RunAsync("chmod", "755", _folder)).ShouldBe(0);
        _process = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", Script, "sh", _folder, binaries, .. asUser])
        { RedirectStandardInput = true });
        await WaitUntilReadyAsync();
    }

    /// <summary>Makes an empty database and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = "test_" + Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture);
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    /// <summary>Runs a statement as an administrator, outside the database under test.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_process is not null)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(PatienceToStop);
            _process.Dispose();
        }
    }

    static string FindBinaries()
    {
        const string Root = "/usr/lib/postgresql";
        var folders = Directory.Exists(Root) ? Directory.GetDirectories(Root) : [];
        return folders
            .Select(folder => Path.Combine(folder, "bin"))
            .Where(folder => File.Exists(Path.Combine(folder, "initdb")))
            .OrderDescending(StringComparer.Ordinal)
            .FirstOrDefault()
            ?? throw new InvalidOperationException(
                $"These tests need PostgreSQL, which is not under {Root}. Install the Debian package 'postgresql' "
                + "(apt-get install postgresql); ./test does it.");
    }

    static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    string ConnectionString(string database) =>
        $"Host={_folder};Username=sahab;Database={database};Timeout=10;Maximum Pool Size=20";

    async Task WaitUntilReadyAsync()
    {
        for (var waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(100))
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (NpgsqlException error) when (waited < Patience && _process is { HasExited: false })
            {
                _ = error;
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }
}

[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>
{
    public const string Name = "postgres";
}
