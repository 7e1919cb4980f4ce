using System.Security.Cryptography;
using System.Text;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Receipts;

/// <summary>
/// Signs receipts with the private key of this node: a file of the data folder that only its owner may read, made at the
/// first start, or a secret of the configuration.
/// </summary>
internal sealed class ReceiptSigner : IDisposable
{
    public const string FileName = "receipt-key.pem";

    readonly Lock _lock = new();
    readonly ECDsa _key;

    ReceiptSigner(ECDsa key)
    {
        _key = key;
        (KeyId, PublicKey) = (ReceiptKey.IdOf(key), key.ExportSubjectPublicKeyInfoPem());
    }

    public string KeyId { get; }

    /// <summary>In PEM.</summary>
    public string PublicKey { get; }

    /// <summary>Opens the key of the configuration; where it gives none, that of the data folder.</summary>
    /// <exception cref="CryptographicException">There is no key, or one of another kind.</exception>
    public static ReceiptSigner Open(Secret? key, string dataFolder) =>
        key is null ? Open(dataFolder) : FromPem(key.Reveal(), "billing.receipt_key");

    /// <summary>Opens the key of a data folder, and makes it where it is missing.</summary>
    /// <exception cref="CryptographicException">The file holds no key, or one of another kind.</exception>
    public static ReceiptSigner Open(string dataFolder)
    {
        var path = Path.Combine(dataFolder, FileName);
        if (!File.Exists(path))
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            WriteNew(path, made.ExportPkcs8PrivateKeyPem());
        }

        return FromPem(File.ReadAllText(path), path);
    }

    /// <exception cref="CryptographicException">The text holds no key, or one of another kind.</exception>
    public static ReceiptSigner FromPem(string pem, string place)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.KeySize == 256)
            {
                // A public key is found out here and not when the first receipt is due.
                key.SignData([], HashAlgorithmName.SHA256);
                return new ReceiptSigner(key);
            }
        }
        catch (Exception wrong) when (wrong is ArgumentException or CryptographicException)
        {
            // Neither the text nor what was wrong with it is repeated: they may hold parts of a key.
        }

        key.Dispose();
        throw new CryptographicException($"The key of receipts ({place}) is no private key of P-256 in PEM. Put the right one "
            + "there, or take this one away to begin with another.");
    }

    public string Sign(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        lock (_lock)
        {
            return Receipt.ToLine(body, _key.SignData(bytes, HashAlgorithmName.SHA256));
        }
    }

    public void Dispose() => _key.Dispose();

    /// <summary>Under another name first, so that a process that dies here leaves no half of a key.</summary>
    static void WriteNew(string path, string pem)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(path + ".new", options))
        {
            stream.Write(Encoding.ASCII.GetBytes(pem + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path);
    }
}
