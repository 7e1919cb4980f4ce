using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>
/// Signatures as the specification of Standard Webhooks has them, so that its libraries verify them: HMAC-SHA256 over id,
/// time and body, so that neither can be altered and an old one cannot be sent anew.
/// </summary>
internal static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimeHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    const string Prefix = "whsec_";
    const string Version = "v1,";
    const int SecretBytes = 32;

    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>The header's value: a signature for each secret, with blanks between.</summary>
    public static string Sign(IEnumerable<string> secrets, string id, long unixSeconds, string body)
    {
        var signed = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{id}.{unixSeconds}.{body}"));
        return string.Join(' ', secrets.Select(secret => Version + Convert.ToBase64String(
            HMACSHA256.HashData(Convert.FromBase64String(secret[Prefix.Length..]), signed))));
    }
}
