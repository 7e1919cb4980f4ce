using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What one reading of the configuration gave.</summary>
internal sealed record ConfigReading
{
    /// <summary>The file, as it was named.</summary>
    public required string Source { get; init; }

    /// <summary>The configuration with its secrets; null if there is any error.</summary>
    public required SahabConfig? Config { get; init; }

    /// <summary>Errors and warnings in the order of their places.</summary>
    public required ImmutableArray<ConfigProblem> Problems { get; init; }

    /// <summary>The files on which it depends, absolute: itself first, then those of secrets.</summary>
    public required ImmutableArray<string> Files { get; init; }

    /// <summary>The SHA-256 of the file's bytes, in lower-case hexadecimal digits; empty where it was not readable.</summary>
    public required string Hash { get; init; }

    /// <summary>Whether metrics and traces are sent on, as the environment has it.</summary>
    public bool ExportsTelemetry { get; init; }

    public ImmutableArray<ConfigProblem> Errors =>
        [.. Problems.Where(problem => problem.Severity == Severity.Error)];

    public ImmutableArray<ConfigProblem> Warnings =>
        [.. Problems.Where(problem => problem.Severity == Severity.Warning)];
}

/// <summary>Reads and validates a configuration file.</summary>
/// <param name="environment">The value of an environment variable, or null.</param>
/// <param name="lookUpSecrets">False: secrets are not looked up, as where the file is reviewed.</param>
/// <param name="time">Which rights of contracts are in force; left out: now.</param>
internal sealed class ConfigReader(
    Func<string, string?> environment, bool lookUpSecrets = true, TimeProvider? time = null)
{
    public const int MaxBytes = 4 << 20;

    /// <summary>Where set, metrics and traces are exported there.</summary>
    public const string ExportVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public ConfigReading Read(string path)
    {
        var problems = new ProblemList(path);
        var full = Path.GetFullPath(path);
        try
        {
            using var stream = File.OpenRead(full);
            if (stream.Length > MaxBytes)
            {
                problems.Error((0, 0), "", $"the file is larger than {MaxBytes >> 20} MiB", "Make it smaller");
                return Failed(path, full, problems);
            }

            var bytes = new byte[MaxBytes];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return Read(bytes.AsSpan(0, count), path, full, problems);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = exception is FileNotFoundException or DirectoryNotFoundException
                ? "the file does not exist" : "the file cannot be read";
            problems.Error((0, 0), "", why, "Name a YAML file, such as samples/six-clouds/sahab.yaml");
            return Failed(path, full, problems);
        }
    }

    /// <summary>Reads a configuration from text, as if it stood in the file.</summary>
    public ConfigReading ReadText(string text, string path) =>
        Read(Encoding.UTF8.GetBytes(text), path, Path.GetFullPath(path), new ProblemList(path));

    ConfigReading Read(ReadOnlySpan<byte> bytes, string path, string full, ProblemList problems)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (Decode(bytes, problems) is not { } text || YamlTree.Parse(text, problems) is not { } root)
        {
            return Failed(path, full, problems) with { Hash = hash };
        }

        var config = new ConfigBinder(problems).Bind(root);
        var secrets = new SecretReader(problems, environment, Path.GetDirectoryName(full) ?? ".", lookUpSecrets);
        config = secrets.Resolve(config);
        new ConfigRules(config, problems).Check();
        GuaranteeRules.Check(config, problems);
        new CapacityRules(config, problems).Check();
        var exports = environment(ExportVariable) is { Length: > 0 };
        new ResidencyRules(config, problems, exports).Check();
        var now = (time ?? TimeProvider.System).GetUtcNow();
        new ContractRules(config, problems, now).Check();
        new PriceRules(config, problems, now).Check();
        if (!problems.HasErrors)
        {
            // Risks are judged on a configuration that means something.
            new ConfigRisks(config, problems).Check();
        }

        return new ConfigReading
        {
            Source = path,
            Config = problems.HasErrors ? null : config,
            ExportsTelemetry = exports,
            Problems = problems.ToImmutable(),
            Files = [full, .. secrets.Files],
            Hash = hash,
        };
    }

    static string? Decode(ReadOnlySpan<byte> bytes, ProblemList problems)
    {
        try
        {
            var withoutMark = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(withoutMark);
        }
        catch (DecoderFallbackException)
        {
            problems.Error((0, 0), "", "the file is not UTF-8", "Save it as UTF-8");
            return null;
        }
    }

    static ConfigReading Failed(string path, string full, ProblemList problems) => new()
    {
        Source = path,
        Config = null,
        Problems = problems.ToImmutable(),
        Files = [full],
        Hash = "",
    };
}
