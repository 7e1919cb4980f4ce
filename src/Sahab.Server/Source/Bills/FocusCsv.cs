using CsvHelper;
using Sahab.Ledger.Focus;

namespace Sahab.Server.Source.Bills;

/// <summary>Data sets of FOCUS as CSV (RFC 4180).</summary>
internal static class FocusCsv
{
    /// <summary>The most rows that are read or written at once; a row is some 2 KB of memory.</summary>
    public const int MaxRows = 100_000;

    /// <summary>The longest row, in bytes.</summary>
    const int MaxRowBytes = 1024 * 1024;

    static readonly CsvReaderOptions Reading = new()
    {
        Separator = ',',
        TrackLineNumbers = true,
        MaxRecordSize = MaxRowBytes,
        PoolStrings = true,
    };

    static readonly CsvWriterOptions Writing = new() { NewLine = "\n" };

    /// <summary>Reads a data set. Values are taken as they stand.</summary>
    /// <exception cref="FormatException">It is no CSV, or has too many rows; the message says where.</exception>
    public static FocusTable Read(TextReader text)
    {
        using var reader = CsvReader.Create(text, Reading, leaveOpen: true);
        try
        {
            reader.ReadHeader();
            var table = new FocusTable([.. reader.Headers]);
            if (table.Columns.Count == 0)
            {
                throw new FormatException("The file is empty; its first line must name the columns.");
            }

            while (reader.Read())
            {
                if (table.Count == MaxRows)
                {
                    throw new FormatException($"The file has more than {MaxRows} rows. Split it by month or by region.");
                }

                table.Add([.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)]);
            }

            return table;
        }
        catch (Exception error) when (error is ArgumentException or CsvFormatException)
        {
            throw new FormatException($"Line {reader.LineNumber}: {error.Message}", error);
        }
    }

    public static void Write(FocusTable table, TextWriter text)
    {
        using var writer = CsvWriter.Create(text, Writing, leaveOpen: true);
        WriteRow(writer, table.Columns);
        foreach (var row in table.Rows)
        {
            WriteRow(writer, row);
        }
    }

    static void WriteRow(CsvWriter writer, IReadOnlyList<string?> values)
    {
        foreach (var value in values)
        {
            writer.WriteField(value);
        }

        writer.EndRecord();
    }
}
