using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>A secret that does not print itself.</summary>
internal sealed class Secret : IEquatable<Secret>
{
    readonly string _value;

    public Secret(string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        _value = value;
        Sha256 = HashOf(value);
    }

    /// <summary>Its SHA-256 in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    public static string HashOf(string value) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    /// <summary>The secret itself, for the one place that sends it.</summary>
    public string Reveal() => _value;

    public bool Equals(Secret? other) => other is not null && Sha256 == other.Sha256;

    public override bool Equals(object? obj) => Equals(obj as Secret);

    public override int GetHashCode() => Sha256.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => "(secret)";
}
