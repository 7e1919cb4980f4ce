using Npgsql;
using NpgsqlTypes;
using SQLitePCL;

namespace Sahab.Server.Hosting.Database;

/// <summary>One column of a batch of rows. It knows how each engine takes its values.</summary>
internal abstract class RowColumn(string name, string postgresType)
{
    public string Name { get; } = name;

    public string PostgresType { get; } = postgresType;

    public abstract int Count { get; }

    /// <summary>Binds the value of a row to a parameter, from 1.</summary>
    public abstract int Bind(sqlite3_stmt statement, int parameter, int row);

    /// <summary>All values as one array.</summary>
    public abstract NpgsqlParameter ToParameter();
}

internal sealed class IdColumn(string name) : RowColumn(name, "uuid")
{
    public List<Guid> Values { get; } = [];

    public override int Count => Values.Count;

    public override int Bind(sqlite3_stmt statement, int parameter, int row)
    {
        Span<byte> bytes = stackalloc byte[16];
        Values[row].TryWriteBytes(bytes, bigEndian: true, out _);
        return raw.sqlite3_bind_blob(statement, parameter, bytes);
    }

    public override NpgsqlParameter ToParameter() =>
        new() { Value = Values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
}

internal sealed class Int64Column(string name) : RowColumn(name, "bigint")
{
    public List<long> Values { get; } = [];

    public override int Count => Values.Count;

    public override int Bind(sqlite3_stmt statement, int parameter, int row) =>
        raw.sqlite3_bind_int64(statement, parameter, Values[row]);

    public override NpgsqlParameter ToParameter() =>
        new() { Value = Values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
}

internal sealed class OptionalInt64Column(string name) : RowColumn(name, "bigint")
{
    public List<long?> Values { get; } = [];

    public override int Count => Values.Count;

    public override int Bind(sqlite3_stmt statement, int parameter, int row) => Values[row] is { } value
        ? raw.sqlite3_bind_int64(statement, parameter, value)
        : raw.sqlite3_bind_null(statement, parameter);

    public override NpgsqlParameter ToParameter() =>
        new() { Value = Values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
}

internal sealed class OptionalTextColumn(string name) : RowColumn(name, "text")
{
    public List<string?> Values { get; } = [];

    public override int Count => Values.Count;

    public override int Bind(sqlite3_stmt statement, int parameter, int row) => Values[row] is { } value
        ? raw.sqlite3_bind_text(statement, parameter, value)
        : raw.sqlite3_bind_null(statement, parameter);

    public override NpgsqlParameter ToParameter() =>
        new() { Value = Values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}

internal sealed class OptionalIdColumn(string name) : RowColumn(name, "uuid")
{
    public List<Guid?> Values { get; } = [];

    public override int Count => Values.Count;

    public override int Bind(sqlite3_stmt statement, int parameter, int row)
    {
        if (Values[row] is not { } value)
        {
            return raw.sqlite3_bind_null(statement, parameter);
        }

        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return raw.sqlite3_bind_blob(statement, parameter, bytes);
    }

    public override NpgsqlParameter ToParameter() =>
        new() { Value = Values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
}

internal sealed class TextColumn(string name) : RowColumn(name, "text")
{
    public List<string> Values { get; } = [];

    public override int Count => Values.Count;

    public override int Bind(sqlite3_stmt statement, int parameter, int row) =>
        raw.sqlite3_bind_text(statement, parameter, Values[row]);

    public override NpgsqlParameter ToParameter() =>
        new() { Value = Values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
