using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

/// <summary>Small configurations to read.</summary>
static class ConfigText
{
    /// <summary>The least that is valid and risks nothing but what its name says.</summary>
    public const string Small = """
        providers:
          azure:
            credentials: { env: AZURE_API_KEY }
            regions:
              eastus: { country: US, base_url: https://azure.example/v1 }
          own:
            regions:
              abilene: { country: US, base_url: http://127.0.0.1:8000/v1 }
        models:
          gpt-oss-120b: { context_tokens: 131072 }
        deployments:
          azure-eastus:
            provider: azure
            region: eastus
            model: gpt-oss-120b
            limits: { concurrency: 8 }
            price: { prompt: 0.15, cached: 0.075, output: 0.6 }
          own-abilene:
            provider: own
            region: abilene
            model: gpt-oss-120b
            limits: { concurrency: 8 }
            capacity: reserved
            price: { prompt: 0, output: 0 }
        aliases:
          default: gpt-oss-120b
        tenants:
          demo:
            keys:
              demo:
                secret: { env: DEMO_KEY }
                limits: { requests_per_minute: 60 }
        """;

    /// <summary>The variables that <see cref="Small"/> and the sample name.</summary>
    public static string? Environment(string name) => name switch
    {
        "AZURE_API_KEY" or "GOOGLE_API_KEY" or "COREWEAVE_API_KEY" or "OWN_API_KEY" or "ORACLE_API_KEY"
            or "AWS_ACCESS_KEY_ID" or "AWS_SECRET_ACCESS_KEY" => "made-up-" + name,
        "DEMO_KEY" => "sk-demo",
        "SAHAB_ADMIN_KEY" => "sk-admin",
        _ => null,
    };

    public static ConfigReading Read(string text) => new ConfigReader(Environment).ReadText(text, "sahab.yaml");

    /// <summary>The small configuration with one piece of text replaced, which must occur in it.</summary>
    public static string With(string old, string replacement)
    {
        Small.ShouldContain(old);
        return Small.Replace(old, replacement, StringComparison.Ordinal);
    }

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Sahab.slnx")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
