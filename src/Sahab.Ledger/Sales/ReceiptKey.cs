using System.Security.Cryptography;
using System.Text;

namespace Sahab.Ledger.Sales;

/// <summary>A public key that receipts are signed with: ECDSA on P-256 over SHA-256.</summary>
public sealed class ReceiptKey : IDisposable
{
    readonly ECDsa _key;

    ReceiptKey(ECDsa key, string pem)
    {
        (_key, Pem) = (key, pem);
        Id = IdOf(key);
    }

    /// <summary>The beginning of the SHA-256 of the key in DER (SubjectPublicKeyInfo): 16 hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>The key as text.</summary>
    public string Pem { get; }

    /// <summary>The id of a key, public or private.</summary>
    public static string IdOf(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
    }

    /// <summary>The keys of a text that holds them in PEM, whatever stands between.</summary>
    /// <exception cref="CryptographicException">One is not such a key.</exception>
    public static IReadOnlyList<ReceiptKey> ReadAll(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var keys = new List<ReceiptKey>();
        foreach (var part in text.Split("-----BEGIN PUBLIC KEY-----").Skip(1))
        {
            var pem = "-----BEGIN PUBLIC KEY-----" + part.Split("-----END PUBLIC KEY-----")[0] + "-----END PUBLIC KEY-----";
            var key = ECDsa.Create();
            try
            {
                key.ImportFromPem(pem);
            }
            catch (ArgumentException fault)
            {
                throw new CryptographicException("The text between BEGIN and END PUBLIC KEY is no key.", fault);
            }

            keys.Add(new ReceiptKey(key, pem));
        }

        return keys;
    }

    /// <summary>Whether the signature is of the body, by this key.</summary>
    public bool Verifies(string body, byte[] signature) =>
        _key.VerifyData(Encoding.UTF8.GetBytes(body), signature, HashAlgorithmName.SHA256);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
