using System.Globalization;

namespace Sahab.Wire.Responses;

/// <summary>
/// The ids of responses and of their items. All are made of the id of the call that made them, so that an item leads
/// to the response that it belongs to.
/// </summary>
public static class ResponseIds
{
    const string Prefix = "resp_";
    const int CallLength = 32;
    const int LeastIndexLength = 4;

    /// <summary>Where the numbers of input items begin, so that they never meet those of output items.</summary>
    const int FirstInput = 0x10000;

    /// <summary>The id of a call's response.</summary>
    public static string OfResponse(Guid call) => $"{Prefix}{call:N}";

    /// <summary>The id of an item of the output.</summary>
    /// <param name="kind">What it is: <c>msg</c>, <c>fc</c>, <c>rs</c>.</param>
    /// <param name="call">The call.</param>
    /// <param name="index">Its place in the output, from 0.</param>
    public static string OfOutput(string kind, Guid call, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}_{call:N}{index:x4}");

    /// <summary>The id of an item of the input that came without one.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="call">The call.</param>
    /// <param name="index">Its place in the input, from 0.</param>
    public static string OfInput(string kind, Guid call, int index) => OfOutput(kind, call, FirstInput + index);

    /// <summary>The call that made a response.</summary>
    public static bool TryReadResponse(string? id, out Guid call)
    {
        call = default;
        return id is not null && id.StartsWith(Prefix, StringComparison.Ordinal)
            && Guid.TryParseExact(id.AsSpan(Prefix.Length), "N", out call);
    }

    /// <summary>The call that an item came with, as input or output.</summary>
    public static bool TryReadItem(string? id, out Guid call)
    {
        call = default;
        int start = id?.IndexOf('_', StringComparison.Ordinal) + 1 ?? 0;
        return start > 0 && id!.Length >= start + CallLength + LeastIndexLength
            && Guid.TryParseExact(id.AsSpan(start, CallLength), "N", out call);
    }
}
