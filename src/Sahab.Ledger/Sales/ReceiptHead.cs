using System.Globalization;
using System.Text.Json;

namespace Sahab.Ledger.Sales;

/// <summary>
/// The end of an organisation's chain, signed: the last line of an export, so that a file that was cut short is found out.
/// </summary>
/// <param name="Organisation">Whose chain it is.</param>
/// <param name="Sequence">How many receipts there are.</param>
/// <param name="Hash">The hash of the last one.</param>
/// <param name="KeyId">The key that it is signed with.</param>
public sealed record ReceiptHead(string Organisation, long Sequence, string Hash, string KeyId)
{
    /// <summary>What is signed.</summary>
    public string ToBody() => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"head\":1,\"organisation\":\"{JsonEncodedText.Encode(Organisation)}\",\"sequence\":{Sequence},"
        + $"\"hash\":\"{Hash}\",\"key_id\":\"{KeyId}\"}}");

    /// <summary>A line as it was written; null where it is none, or is written in any other way.</summary>
    public static (ReceiptHead Head, string Body, byte[] Signature)? Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var head = new ReceiptHead(
                root.GetProperty("organisation").GetString()!, root.GetProperty("sequence").GetInt64(),
                root.GetProperty("hash").GetString()!, root.GetProperty("key_id").GetString()!);
            var signature = Convert.FromHexString(root.GetProperty("signature").GetString()!);
            var body = head.ToBody();
            return Receipt.ToLine(body, signature) == line ? (head, body, signature) : null;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
