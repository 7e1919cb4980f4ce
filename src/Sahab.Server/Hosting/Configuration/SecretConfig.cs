namespace Sahab.Server.Hosting.Configuration;

/// <summary>Where a secret comes from. The secret itself never stands in the file.</summary>
[Doc("Where a secret comes from: exactly one of the keys. Never the secret itself.")]
[OneKey(isOneRequired: true)]
internal sealed record SecretConfig
{
    [Doc("The environment variable that holds it, in capitals.")]
    [Form(TextForm.EnvironmentVariable)]
    public string? Env { get; init; }

    [Doc("The file that holds it, relative to this file or absolute. White space around it is cut. A change of the "
        + "file takes effect by itself.")]
    [Form(TextForm.FilePath)]
    public string? File { get; init; }

    [Doc("The SHA-256 of the secret in hexadecimal digits, so that the secret need not be here at all. For keys of "
        + "tenants only.")]
    [Form(TextForm.Sha256)]
    public string? Sha256 { get; init; }

    /// <summary>The secret, once looked up. Null where only its hash is known.</summary>
    [NotInFile]
    public Secret? Value { get; init; }

    /// <summary>The SHA-256 of the secret in lower-case hexadecimal digits; null until it was looked up.</summary>
    [NotInFile]
    public string? Hash => Value?.Sha256 ?? Sha256?.ToLowerInvariant();
}
