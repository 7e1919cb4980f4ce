using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Sahab.Planning.Traces;

/// <summary>The lines of a file, plain or gzip, one at a time; what is wrong with one is told with its number.</summary>
internal sealed class TraceText : IDisposable
{
    /// <summary>The longest line in characters, so that a file that is no text does not fill the memory.</summary>
    public const int MaxLineLength = 65_536;

    readonly StreamReader _text;
    readonly string _file;

    public TraceText(string file)
    {
        _file = file;
        _text = Open(file);
    }

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    public void Dispose() => _text.Dispose();

    /// <summary>The next line with anything in it; null at the end.</summary>
    public string? Next()
    {
        string? line;
        do
        {
            Number++;
            line = ReadLine();
        }
        while (line is not null && string.IsNullOrWhiteSpace(line));

        return line;
    }

    /// <param name="what">What is wrong with the line that was read last, without a full stop.</param>
    public TraceException Fault(string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{_file}:{Number}: {what}."));

    static StreamReader Open(string file)
    {
        try
        {
            var bytes = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            // By what it holds, not by its name.
            var isGzip = bytes.ReadByte() == 0x1f && bytes.ReadByte() == 0x8b;
            bytes.Position = 0;
            return new StreamReader(
                isGzip ? new GZipStream(bytes, CompressionMode.Decompress) : bytes, Encoding.UTF8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TraceException(error.Message);
        }
    }

    string? ReadLine()
    {
        try
        {
            var line = new StringBuilder();
            for (var next = _text.Read(); next >= 0; next = _text.Read())
            {
                if (next == '\n')
                {
                    return line.ToString().TrimEnd('\r');
                }

                if (line.Length == MaxLineLength)
                {
                    throw Fault($"the line has more than {MaxLineLength} characters; is this a trace?");
                }

                line.Append((char)next);
            }

            return line.Length > 0 ? line.ToString().TrimEnd('\r') : null;
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw Fault(error.Message);
        }
    }
}
