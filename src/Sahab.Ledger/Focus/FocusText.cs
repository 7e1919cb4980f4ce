using System.Globalization;
using System.Text.Json;

namespace Sahab.Ledger.Focus;

/// <summary>Values as FOCUS writes them.</summary>
static class FocusText
{
    /// <summary>Without zeros at its end.</summary>
    public static string Number(decimal number) =>
        (number / 1.000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    public static string Pairs(params (string Key, string Value)[] pairs) =>
        "{" + string.Join(", ", pairs.Select(pair => $"\"{pair.Key}\": {Quoted(pair.Value)}")) + "}";
}
