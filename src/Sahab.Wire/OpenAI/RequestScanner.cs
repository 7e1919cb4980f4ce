using System.Text.Unicode;
using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Reads what the gateway acts upon out of a request, in one pass and without allocation, and checks the rest for being
/// JSON. Members that the gateway does not act upon are not looked at.
/// </summary>
public static class RequestScanner
{
    /// <summary>Open objects and arrays at most, in the body.</summary>
    public const int MaxDepth = JsonCursor.MaxDepth;

    /// <summary>Scans a whole request body.</summary>
    /// <param name="body">The body, UTF-8.</param>
    /// <param name="operation">What the request asks for.</param>
    /// <param name="facts">What was found; meaningless when the scan fails.</param>
    /// <param name="fault">Why the request is refused, when the scan fails.</param>
    /// <returns>Whether the request can be sent on.</returns>
    public static bool TryScan(
        ReadOnlySpan<byte> body, ApiOperation operation, out RequestFacts facts, out RequestFault fault)
    {
        facts = default;
        facts.N = 1;
        facts.BestOf = 1;
        facts.PromptCount = 1;
        fault = default;
        if (!Utf8.IsValid(body))
        {
            fault = RequestFaults.NotUtf8(body);
            return false;
        }

        var reading = new RequestReading(body, operation, ref facts);
        if (reading.Run())
        {
            return true;
        }

        fault = reading.DescribeFault();
        return false;
    }
}
