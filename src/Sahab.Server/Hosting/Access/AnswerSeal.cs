using System.Security.Cryptography;
using System.Text;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Hosting.Access;

/// <summary>
/// Seals answers that are kept for a caller. The key is made of the caller's credential and of their
/// <c>Idempotency-Key</c>; the database has only hashes of both, so who reads it learns neither what was answered, a
/// secret that was shown once included, nor what was asked.
/// </summary>
internal sealed class AnswerSeal
{
    const int TagBytes = 16;
    const int NonceBytes = 12;
    const int KeyBytes = 32;

    static readonly byte[] Label = "sahab idempotent answer"u8.ToArray();

    readonly byte[] _sealing;
    readonly byte[] _printing;

    public AnswerSeal(Secret credential, string idempotencyKey)
    {
        var material = Encoding.UTF8.GetBytes($"{credential.Reveal()}\n{idempotencyKey}");
        var root = HKDF.Extract(HashAlgorithmName.SHA256, material, Label);
        _sealing = HKDF.Expand(HashAlgorithmName.SHA256, root, KeyBytes, "answer"u8.ToArray());
        _printing = HKDF.Expand(HashAlgorithmName.SHA256, root, KeyBytes, "request"u8.ToArray());
    }

    /// <summary>What tells whether another request is the same, to who has the credential.</summary>
    public string PrintOf(string method, string target, ReadOnlySpan<byte> body)
    {
        using var print = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _printing);
        print.AppendData(Encoding.UTF8.GetBytes($"{method} {target}\n"));
        print.AppendData(body);
        return Convert.ToHexStringLower(print.GetHashAndReset());
    }

    /// <param name="about">What the answer belongs to, with which alone it can be opened.</param>
    public string Seal(ReadOnlySpan<byte> answer, string about)
    {
        var bytes = new byte[NonceBytes + TagBytes + answer.Length];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(_sealing, TagBytes);
        cipher.Encrypt(
            bytes.AsSpan(0, NonceBytes), answer, bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes),
            Encoding.UTF8.GetBytes(about));
        return Convert.ToBase64String(bytes);
    }

    /// <summary>Opens what <see cref="Seal"/> sealed for the same caller and key.</summary>
    /// <exception cref="CryptographicException">It was sealed for another, or altered.</exception>
    public byte[] Open(string text, string about)
    {
        var bytes = Convert.FromBase64String(text);
        var answer = new byte[bytes.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(_sealing, TagBytes);
        cipher.Decrypt(
            bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), answer,
            Encoding.UTF8.GetBytes(about));
        return answer;
    }
}
