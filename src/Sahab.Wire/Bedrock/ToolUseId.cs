using System.Globalization;
using System.Text;

namespace Sahab.Wire.Bedrock;

/// <summary>Ids of tool calls: Bedrock allows letters, digits, <c>_</c> and <c>-</c>, and 64 of them.</summary>
static class ToolUseId
{
    const int MaxLength = 64;

    /// <summary>
    /// An id that Bedrock takes. One that another cloud gave may hold more; it becomes another, always the same one, so
    /// that a call and its result still match.
    /// </summary>
    public static string Fit(string id)
    {
        if (id.Length is > 0 and <= MaxLength && id.All(IsAllowed))
        {
            return id;
        }

        // FNV-1a over the UTF-16 code units.
        ulong hash = 14_695_981_039_346_656_037;
        foreach (char unit in id)
        {
            hash = (hash ^ unit) * 1_099_511_628_211;
        }

        var fitted = new StringBuilder(MaxLength);
        foreach (char unit in id.AsSpan(0, Math.Min(id.Length, MaxLength - 17)))
        {
            fitted.Append(IsAllowed(unit) ? unit : '_');
        }

        return fitted.Append('_').Append(hash.ToString("x16", CultureInfo.InvariantCulture)).ToString();
    }

    static bool IsAllowed(char unit) => char.IsAsciiLetterOrDigit(unit) || unit is '_' or '-';
}
