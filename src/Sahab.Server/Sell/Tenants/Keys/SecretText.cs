using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>The secret of a key as its owner gets it, once.</summary>
internal static class SecretText
{
    public const string Prefix = "sk-sahab-";

    /// <summary>256 bits; in base64url 43 characters.</summary>
    const int Bytes = 32;

    const int HintChars = 4;

    /// <summary>A new secret, which nobody can guess.</summary>
    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>What is stored of it.</summary>
    public static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>What people tell it by: 24 of its 256 bits.</summary>
    public static string HintOf(string secret) => secret[^HintChars..];
}
