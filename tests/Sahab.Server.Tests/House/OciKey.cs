using System.Security.Cryptography;

namespace Sahab.Server.Tests.House;

/// <summary>The RSA key with which tests sign requests to emulated Oracle clouds. Made anew in each run.</summary>
internal static class OciKey
{
    public const string Tenancy = "ocid1.tenancy.oc1..demo";
    public const string User = "ocid1.user.oc1..demo";
    public const string Fingerprint = "20:3b:97:13";
    public const string Id = $"{Tenancy}/{User}/{Fingerprint}";

    static readonly RSA Key = RSA.Create(2048);

    public static string PrivatePem { get; } = Key.ExportPkcs8PrivateKeyPem();

    public static string PublicPem { get; } = Key.ExportSubjectPublicKeyInfoPem();
}
