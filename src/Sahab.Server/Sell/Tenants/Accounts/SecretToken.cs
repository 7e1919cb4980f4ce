using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>Secrets that we make: 256 random bits, shown once, kept as their SHA-256.</summary>
internal static class SecretToken
{
    /// <summary>Longer than any that we make; a longer one is none without being hashed.</summary>
    public const int MaxChars = 128;

    const int Bytes = 32;

    /// <summary>A new one.</summary>
    /// <param name="prefix">What it begins with, so that people and scanners see what it is.</param>
    public static string Make(string prefix = "") =>
        prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>What is kept of it: a guess cannot be checked faster than a random number of 256 bits is found.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
