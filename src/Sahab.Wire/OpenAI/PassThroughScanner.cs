using System.Text.Unicode;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Reads what the gateway acts upon out of a request that is passed through (<see cref="ApiOperations"/>), JSON or
/// <c>multipart/form-data</c>, without allocation: the model's name, and what an estimate of its tokens needs. All else is
/// the cloud's matter, wrong values too. The model may be missing.
/// </summary>
public static class PassThroughScanner
{
    /// <summary>The longest boundary, in bytes, as RFC 2046 has it.</summary>
    public const int MaxBoundaryBytes = 70;

    /// <summary>Bytes of sound that make about one token: ten tokens a second at 128 kbit/s.</summary>
    public const int SoundBytesPerToken = 1_600;

    /// <summary>Scans a whole JSON body.</summary>
    /// <param name="body">The body, UTF-8.</param>
    /// <param name="facts">What was found; meaningless when the scan fails.</param>
    /// <param name="fault">Why the request is refused, when the scan fails.</param>
    /// <returns>Whether the request can be sent on.</returns>
    public static bool TryScanJson(ReadOnlySpan<byte> body, out RequestFacts facts, out RequestFault fault)
    {
        facts = Nothing();
        if (!Utf8.IsValid(body))
        {
            fault = RequestFaults.NotUtf8(body);
            return false;
        }

        var reading = new PassThroughReading(body, ref facts);
        return reading.Run(out fault);
    }

    /// <summary>Scans a whole form.</summary>
    /// <param name="body">The body.</param>
    /// <param name="boundary">The boundary that the content type names, without quotes; empty where it names none.</param>
    /// <param name="facts">What was found; meaningless when the scan fails.</param>
    /// <param name="fault">Why the request is refused, when the scan fails.</param>
    /// <returns>Whether the request can be sent on.</returns>
    public static bool TryScanForm(
        ReadOnlySpan<byte> body, ReadOnlySpan<char> boundary, out RequestFacts facts, out RequestFault fault)
    {
        facts = Nothing();
        facts.IsForm = true;
        Span<byte> delimiter = stackalloc byte[4 + MaxBoundaryBytes];
        if (boundary.IsEmpty || boundary.Length > MaxBoundaryBytes || boundary.ContainsAnyExceptInRange('!', '~'))
        {
            fault = FormReading.Faulty(
                "The content type is multipart/form-data without a boundary of 1 to 70 printable characters. Let the client "
                + "library set the Content-Type header.");
            return false;
        }

        "\r\n--"u8.CopyTo(delimiter);
        for (var i = 0; i < boundary.Length; i++)
        {
            delimiter[4 + i] = (byte)boundary[i];
        }

        var reading = new FormReading(body, delimiter[..(4 + boundary.Length)], ref facts);
        return reading.Run(out fault);
    }

    /// <summary>Whether a body is one JSON string, as which some servers send the text that they were asked for.</summary>
    /// <param name="body">The body.</param>
    public static bool IsText(ReadOnlySpan<byte> body)
    {
        var cursor = new JsonCursor(body);
        return cursor.Peek() == JsonKind.String && cursor.Skip() && cursor.End();
    }

    /// <summary>The model's name as bad as it may be: empty, too long, or no text.</summary>
    internal static bool TryRefuseModel(
        ReadOnlySpan<byte> body, int bytes, bool isText, bool isSecond, out RequestFault fault)
    {
        RequestRefusal refusal = isSecond ? RequestRefusal.Duplicate
            : bytes == 0 ? RequestRefusal.Empty
            : bytes > RequestFacts.MaxModelBytes || !isText ? RequestRefusal.BadModelName
            : RequestRefusal.None;
        fault = refusal == RequestRefusal.None
            ? default
            : RequestFaults.Describe(body, refusal, RequestMember.Model, 0);
        return refusal != RequestRefusal.None;
    }

    static RequestFacts Nothing() => new() { N = 1, BestOf = 1, PromptCount = 1 };
}
