using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>A key that ends, made from a lasting one.</summary>
internal sealed record TemporaryKey(
    string Owner, string Id, string Secret, string Token, DateTimeOffset ExpiresAt, int Epoch);

/// <summary>
/// What a container asks its host for (ECS, EKS Pod Identity): keys that end after a while. Nothing is remembered of
/// them: the token says whose and how long, and only the cloud can make one.
/// </summary>
internal static class TemporaryKeys
{
    public static TemporaryKey Issue(string owner, string ownerSecret, DateTimeOffset expiresAt, int epoch)
    {
        var claim = string.Create(
            CultureInfo.InvariantCulture, $"{owner}|{expiresAt.ToUnixTimeMilliseconds()}|{epoch}");
        return new TemporaryKey(
            owner,
            "ASIA" + Convert.ToHexString(Mac(ownerSecret, "id|" + claim).AsSpan(0, 8)),
            Convert.ToBase64String(Mac(ownerSecret, "secret|" + claim)),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(
                $"{claim}|{Convert.ToHexStringLower(Mac(ownerSecret, "token|" + claim))}")),
            DateTimeOffset.FromUnixTimeMilliseconds(expiresAt.ToUnixTimeMilliseconds()), epoch);
    }

    /// <summary>The key with this id and token; null where the cloud never made it.</summary>
    public static TemporaryKey? Find(IReadOnlyDictionary<string, string> owners, string id, string token)
    {
        var bytes = new byte[token.Length];
        if (!Convert.TryFromBase64String(token, bytes, out var length)
            || Encoding.UTF8.GetString(bytes, 0, length).Split('|') is not [var owner, var end, var number, _]
            || !owners.TryGetValue(owner, out var secret)
            || !long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var endMs)
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
        {
            return null;
        }
        var key = Issue(owner, secret, DateTimeOffset.FromUnixTimeMilliseconds(endMs), epoch);
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key.Token), Encoding.UTF8.GetBytes(token))
            && key.Id == id
            ? key
            : null;
    }

    public static void Write(Utf8JsonWriter writer, TemporaryKey key)
    {
        writer.WriteStartObject();
        writer.WriteString("AccessKeyId", key.Id);
        writer.WriteString("SecretAccessKey", key.Secret);
        writer.WriteString("Token", key.Token);
        writer.WriteString("Expiration", key.ExpiresAt.UtcDateTime);
        writer.WriteEndObject();
    }

    static byte[] Mac(string secret, string text) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text));
}
