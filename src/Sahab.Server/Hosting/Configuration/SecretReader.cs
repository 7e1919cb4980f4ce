using System.Text;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>Looks secrets up where the configuration says that they are. No message holds any part of one.</summary>
/// <param name="environment">The value of an environment variable, or null.</param>
/// <param name="folder">What relative paths are relative to.</param>
/// <param name="lookUp">False: only the way in which they are written is looked at.</param>
internal sealed class SecretReader(
    ProblemList problems, Func<string, string?> environment, string folder, bool lookUp)
{
    public const int MaxBytes = 65_536;

    readonly HashSet<string> _files = new(StringComparer.Ordinal);

    /// <summary>The files that hold secrets, absolute.</summary>
    public IReadOnlyCollection<string> Files => _files;

    /// <summary>The configuration with the secrets in it.</summary>
    public SahabConfig Resolve(SahabConfig config) => config with
    {
        Providers = [.. config.Providers.Select(provider => Resolve(provider, $"providers.{provider.Id}"))],
        Tenants = [.. config.Tenants.Select(tenant => tenant with
        {
            Keys = [.. tenant.Keys.Select(key => key with
            {
                Secret = Resolve(key.Secret, $"tenants.{tenant.Id}.keys.{key.Id}.secret", mayBeHash: true)!,
            })],
        })],
        SignIn = config.SignIn with
        {
            Oidc = [.. config.SignIn.Oidc.Select(issuer => issuer with
            {
                ClientSecret = Resolve(issuer.ClientSecret, $"sign_in.oidc.{issuer.Id}.client_secret")!,
            })],
        },
        Billing = config.Billing with
        {
            ReceiptKey = Resolve(config.Billing.ReceiptKey, "billing.receipt_key", mayHaveLines: true),
            Stripe = config.Billing.Stripe is not { } stripe ? null : stripe with
            {
                SecretKey = Resolve(stripe.SecretKey, "billing.stripe.secret_key")!,
                WebhookSecret = Resolve(stripe.WebhookSecret, "billing.stripe.webhook_secret")!,
            },
        },
        Metering = config.Metering with
        {
            Store = config.Metering.Store with
            {
                Postgres = Resolve(config.Metering.Store.Postgres, "metering.store.postgres"),
            },
        },
    };

    ProviderConfig Resolve(ProviderConfig provider, string path) => provider with
    {
        Credentials = Resolve(provider.Credentials, $"{path}.credentials"),
        Azure = provider.Azure is not { Entra: { } entra } azure ? provider.Azure : azure with
        {
            Entra = entra with { ClientSecret = Resolve(entra.ClientSecret, $"{path}.azure.entra.client_secret") },
        },
        Vertex = provider.Vertex is not { } vertex ? null : vertex with
        {
            Account = Resolve(vertex.Account, $"{path}.vertex.account", mayHaveLines: true),
        },
        Bedrock = provider.Bedrock is not { } bedrock ? null : bedrock with
        {
            AccessKeyId = Resolve(bedrock.AccessKeyId, $"{path}.bedrock.access_key_id"),
            SecretAccessKey = Resolve(bedrock.SecretAccessKey, $"{path}.bedrock.secret_access_key"),
            SessionToken = Resolve(bedrock.SessionToken, $"{path}.bedrock.session_token"),
        },
        Oci = provider.Oci is not { } oci ? null : oci with
        {
            PrivateKey = Resolve(oci.PrivateKey, $"{path}.oci.private_key", mayHaveLines: true),
        },
    };

    /// <param name="mayBeHash">Whether its SHA-256 will do.</param>
    /// <param name="mayHaveLines">Whether it may have line breaks, as a PEM or JSON file has.</param>
    SecretConfig? Resolve(SecretConfig? secret, string path, bool mayBeHash = false, bool mayHaveLines = false)
    {
        if (secret is null)
        {
            return null;
        }

        var written = new[] { secret.Env, secret.File, secret.Sha256 }.Count(source => source is not null);
        if (written > 1)
        {
            problems.Error(path, "a secret has one source, and this one has several", "Keep env, file or sha256");
            return secret;
        }

        if (secret.Sha256 is not null && !mayBeHash)
        {
            problems.Error(
                $"{path}.sha256", "this secret is sent, and a hash cannot be sent", "Write {env: NAME} or {file: PATH}");
            return secret;
        }

        if (!lookUp)
        {
            return secret;
        }

        var text = secret.Env is { } name ? ReadVariable(name, $"{path}.env", mayHaveLines)
            : secret.File is { } file ? ReadFile(file, $"{path}.file", mayHaveLines)
            : null;
        return text is null ? secret : secret with { Value = new Secret(text) };
    }

    string? ReadVariable(string name, string path, bool mayHaveLines)
    {
        var text = environment(name)?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            problems.Error(
                path, $"the environment variable {name} is not set, or empty",
                $"Set it where the server starts: export {name}=…");
            return null;
        }

        return WithoutControls(text, path, mayHaveLines);
    }

    string? ReadFile(string file, string path, bool mayHaveLines)
    {
        var full = Path.GetFullPath(file, folder);
        _files.Add(full);
        try
        {
            using var stream = File.OpenRead(full);
            var bytes = new byte[MaxBytes + 1];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count > MaxBytes)
            {
                problems.Error(path, $"the file is larger than {MaxBytes} bytes", "Name the file of one secret");
                return null;
            }

            var text = Encoding.UTF8.GetString(bytes, 0, count).Trim();
            if (text.Length > 0)
            {
                return WithoutControls(text, path, mayHaveLines);
            }

            problems.Error(path, "the file is empty", "Write the secret into it");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The name is not repeated: a secret pasted here by mistake would be printed.
            var why = exception is FileNotFoundException or DirectoryNotFoundException
                ? "does not exist" : "cannot be read";
            problems.Error(
                path, $"the file named here {why}", "Name a file that the server may read, relative to this file");
        }

        return null;
    }

    string? WithoutControls(string text, string path, bool mayHaveLines)
    {
        if (!text.Any(character => char.IsControl(character) && !(mayHaveLines && character is '\n' or '\r' or '\t')))
        {
            return text;
        }

        problems.Error(
            path, "the secret holds a control character, such as a line break in its middle",
            "Keep it to one line");
        return null;
    }
}
