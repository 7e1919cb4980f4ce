using System.Globalization;
using Sahab.Server.Hosting.Configuration;
using SQLitePCL;

namespace Sahab.Server.Sell.Metering;

/// <summary>SQLite said no to the journal.</summary>
internal sealed class JournalFileException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}

/// <summary>
/// The journal's SQLite file: one connection that holds the file for itself, used by one thread. It speaks to SQLite
/// directly because a commit binds two values, and the general provider's cost is that of the commit itself.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    const int FormatVersion = 1;
    const int ApplicationId = 0x5A4A4C31;
    const int PageBytes = 4096;
    const int ShrinkBytes = 64 * 1024 * 1024;
    const int ProbeBytes = 64 * 1024;

    readonly sqlite3 _connection;
    readonly JournalOptions _options;
    readonly sqlite3_stmt _insert;
    readonly sqlite3_stmt _select;
    long _logBytes;

    JournalFile(sqlite3 connection, JournalOptions options)
    {
        _connection = connection;
        _options = options;
        _insert = Prepare("INSERT INTO journal_group (position, events) VALUES (?1, ?2)");
        _select = Prepare("SELECT position, events FROM journal_group WHERE position > ?1 ORDER BY position");
        Id = Guid.Parse(ReadText("SELECT id FROM journal_identity"));
        Posted = ReadInt64("SELECT posted FROM journal_identity");
        Committed = Math.Max(Posted, ReadInt64("SELECT COALESCE(MAX(position), 0) FROM journal_group"));
        SetAside = ReadInt64("SELECT COUNT(*) FROM journal_set_aside");
    }

    /// <summary>Made with the file; a store counts positions by it.</summary>
    public Guid Id { get; }

    /// <summary>The position of the last group committed.</summary>
    public long Committed { get; private set; }

    /// <summary>The position up to which groups have been posted and removed.</summary>
    public long Posted { get; private set; }

    /// <summary>How many damaged groups are kept for somebody to look at.</summary>
    public long SetAside { get; private set; }

    public static JournalFile Open(JournalOptions options)
    {
        Batteries_V2.Init();
        var code = raw.sqlite3_open_v2(
            options.Path,
            out var connection,
            raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX,
            null);
        try
        {
            if (code != raw.SQLITE_OK)
            {
                throw new JournalFileException(code, raw.sqlite3_errstr(code).utf8_to_string());
            }

            Prepare(connection, options);
            return new JournalFile(connection, options);
        }
        catch (JournalFileException error)
        {
            connection?.Dispose();
            throw new JournalUnavailableException(Explain(options.Path, error), error);
        }
    }

    /// <summary>Commits one group. On an exception nothing of it is in the file.</summary>
    public void Append(ReadOnlySpan<byte> events)
    {
        var position = Committed + 1;
        Check(raw.sqlite3_bind_int64(_insert, 1, position));
        Check(raw.sqlite3_bind_blob(_insert, 2, events));
        StepAndReset(_insert);
        Committed = position;
        _logBytes += events.Length + (2 * PageBytes);
    }

    /// <summary>
    /// Groups after a position, in order, until their size exceeds the limit; at least one where there is one.
    /// </summary>
    public List<JournalGroup> Read(long after, int maxBytes)
    {
        var groups = new List<JournalGroup>();
        var bytes = 0;
        Check(raw.sqlite3_bind_int64(_select, 1, after));
        try
        {
            while (bytes < maxBytes)
            {
                var code = raw.sqlite3_step(_select);
                if (code == raw.SQLITE_DONE)
                {
                    break;
                }

                Check(code, raw.SQLITE_ROW);
                var events = raw.sqlite3_column_blob(_select, 1).ToArray();
                groups.Add(new JournalGroup(raw.sqlite3_column_int64(_select, 0), events));
                bytes += events.Length;
            }
        }
        finally
        {
            _ = raw.sqlite3_reset(_select);
        }

        return groups;
    }

    /// <summary>Removes the groups up to a position: they are in the store.</summary>
    public void Trim(long through)
    {
        var last = Math.Max(through, Posted);
        var position = last.ToString(CultureInfo.InvariantCulture);
        InTransaction(
            $"DELETE FROM journal_group WHERE position <= {position}; UPDATE journal_identity SET posted = {position}");
        Posted = last;
        Committed = Math.Max(Committed, last);
        _logBytes += 4 * PageBytes;
        if (Posted == Committed && ReadInt64("PRAGMA page_count") * PageBytes > ShrinkBytes)
        {
            Execute("VACUUM");
            Checkpoint();
        }
    }

    /// <summary>Keeps a damaged group, with what is wrong with it, where posting no longer meets it.</summary>
    public void Keep(JournalGroup group, string damage)
    {
        var insert = Prepare(
            "INSERT OR REPLACE INTO journal_set_aside (position, events, damage) VALUES (?1, ?2, ?3)");
        using (insert)
        {
            Check(raw.sqlite3_bind_int64(insert, 1, group.Position));
            Check(raw.sqlite3_bind_blob(insert, 2, group.Events));
            Check(raw.sqlite3_bind_text(insert, 3, damage));
            StepAndReset(insert);
        }

        SetAside = ReadInt64("SELECT COUNT(*) FROM journal_set_aside");
    }

    /// <summary>Copies the log into the database where it has grown enough.</summary>
    public void CheckpointIfDue()
    {
        if (_logBytes >= _options.CheckpointBytes)
        {
            Checkpoint();
        }
    }

    /// <summary>
    /// Writes and removes something that needs new pages, to learn whether the file can be written again.
    /// </summary>
    public void Probe()
    {
        // A log that has been copied is begun anew, which can be the very room that is missing. It may fail too.
        _ = raw.sqlite3_wal_checkpoint_v2(_connection, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
        var bytes = ProbeBytes.ToString(CultureInfo.InvariantCulture);
        Execute($"INSERT OR REPLACE INTO journal_probe (id, filler) VALUES (1, zeroblob({bytes}))");
        Execute("DELETE FROM journal_probe");
    }

    public void Dispose()
    {
        _insert.Dispose();
        _select.Dispose();
        _connection.Dispose();
    }

    static void Prepare(sqlite3 connection, JournalOptions options)
    {
        Check(connection, raw.sqlite3_extended_result_codes(connection, 1), raw.SQLITE_OK);
        Execute(connection, "PRAGMA locking_mode = EXCLUSIVE");
        Execute(connection, "PRAGMA journal_mode = WAL");
        var full = options.Durability == Durability.Power;
        Execute(connection, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        Execute(connection, "PRAGMA wal_autocheckpoint = 0");
        Execute(connection, Invariant($"PRAGMA journal_size_limit = {2L * options.CheckpointBytes}"));
        Execute(connection, Invariant($"PRAGMA max_page_count = {options.MaxBytes / PageBytes}"));
        var version = ReadInt64(connection, "PRAGMA user_version");
        if (version > FormatVersion)
        {
            throw new JournalFileException(
                raw.SQLITE_MISMATCH,
                $"it has format {version} and this program writes format {FormatVersion}; start the newer program");
        }

        if (version < FormatVersion)
        {
            Execute(connection, Invariant($"""
                BEGIN IMMEDIATE;
                PRAGMA application_id = {ApplicationId};
                CREATE TABLE journal_identity (id TEXT NOT NULL, posted INTEGER NOT NULL);
                INSERT INTO journal_identity (id, posted) VALUES (lower(hex(randomblob(16))), 0);
                CREATE TABLE journal_group (position INTEGER PRIMARY KEY, events BLOB NOT NULL);
                CREATE TABLE journal_set_aside (
                    position INTEGER PRIMARY KEY, events BLOB NOT NULL, damage TEXT NOT NULL);
                CREATE TABLE journal_probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL);
                PRAGMA user_version = {FormatVersion};
                COMMIT;
                """));
        }
    }

    static string Explain(string path, JournalFileException error) => (error.Code & 0xFF) switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            $"The journal {path} is in use by another process; one server may use a data folder at a time.",
        raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT =>
            $"The journal {path} is damaged ({error.Message}). Move it, with its -wal file, to a safe place: "
            + "it may hold calls that are not in the ledger.",
        _ => $"The journal {path} cannot be opened: {error.Message}.",
    };

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    void Checkpoint()
    {
        Check(raw.sqlite3_wal_checkpoint_v2(
            _connection, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _));
        _logBytes = 0;
    }

    void InTransaction(string sql)
    {
        try
        {
            Execute($"BEGIN IMMEDIATE; {sql}; COMMIT");
        }
        catch (JournalFileException)
        {
            if (raw.sqlite3_get_autocommit(_connection) == 0)
            {
                _ = raw.sqlite3_exec(_connection, "ROLLBACK");
            }

            throw;
        }
    }

    void StepAndReset(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_DONE)
        {
            _ = raw.sqlite3_reset(statement);
            return;
        }

        var error = Error(_connection, code);
        _ = raw.sqlite3_reset(statement);
        throw error;
    }

    sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_connection, sql, out var statement));
        return statement;
    }

    void Execute(string sql) => Execute(_connection, sql);

    long ReadInt64(string sql) => ReadInt64(_connection, sql);

    string ReadText(string sql)
    {
        using var statement = Prepare(sql);
        Check(raw.sqlite3_step(statement), raw.SQLITE_ROW);
        return raw.sqlite3_column_text(statement, 0).utf8_to_string();
    }

    void Check(int code, int expected = raw.SQLITE_OK) => Check(_connection, code, expected);

    static void Execute(sqlite3 connection, string sql) =>
        Check(connection, raw.sqlite3_exec(connection, sql), raw.SQLITE_OK);

    static long ReadInt64(sqlite3 connection, string sql)
    {
        Check(connection, raw.sqlite3_prepare_v2(connection, sql, out var statement), raw.SQLITE_OK);
        using (statement)
        {
            Check(connection, raw.sqlite3_step(statement), raw.SQLITE_ROW);
            return raw.sqlite3_column_int64(statement, 0);
        }
    }

    static void Check(sqlite3 connection, int code, int expected)
    {
        if (code != expected)
        {
            throw Error(connection, code);
        }
    }

    static JournalFileException Error(sqlite3 connection, int code) =>
        new(code, raw.sqlite3_errmsg(connection).utf8_to_string());
}
