using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Import;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab import litellm FILE</c>: carries another gateway's configuration over.</summary>
internal static class ImportCommand
{
    const long MaxBytes = ConfigReader.MaxBytes;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static Command Create(IAnsiConsole console)
    {
        var file = new Argument<string>("FILE") { Description = "The configuration of the LiteLLM proxy." };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Where to write sahab.yaml; it must not exist. Left out: standard output, and the report to "
                + "standard error.",
        };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON lines." };
        var command = new Command(
            "litellm", "Turn a config.yaml of the LiteLLM proxy into sahab.yaml, and tell of each line what became of it.")
        {
            file, output, json,
        };
        command.SetAction(result => Run(
            console, result.InvocationConfiguration.Error, result.GetRequiredValue(file), result.GetValue(output),
            result.GetValue(json)));
        return new Command("import", "Carry another gateway's configuration over.") { command };
    }

    static int Run(IAnsiConsole console, TextWriter errors, string file, string? output, bool json)
    {
        string text;
        try
        {
            if (new FileInfo(file).Length > MaxBytes)
            {
                errors.WriteLine($"{file}: the file is larger than {MaxBytes >> 20} MiB. Make it smaller.");
                return 1;
            }

            text = File.ReadAllText(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: cannot be read. Name the config.yaml of a LiteLLM proxy.");
            return 1;
        }

        var problems = new ProblemList(file);
        if (LiteLlmImport.Read(text, problems) is not { } imported)
        {
            foreach (var problem in problems.ToImmutable())
            {
                errors.WriteLine(problem.ToString());
            }

            return 1;
        }

        var yaml = ImportWriter.Write(imported.Config, Path.GetFileName(file));
        if (output is null)
        {
            console.Profile.Out.Writer.Write(yaml);
            Report(errors, file, imported.Notes, json);
            return 0;
        }

        try
        {
            using var written = new FileStream(output, FileMode.CreateNew, FileAccess.Write);
            using var writer = new StreamWriter(written);
            writer.Write(yaml);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{output}: cannot be written, or is there already. Name a new file.");
            return 1;
        }

        Report(console.Profile.Out.Writer, file, imported.Notes, json);
        return 0;
    }

    static void Report(TextWriter writer, string file, IReadOnlyList<ImportNote> notes, bool json)
    {
        foreach (var note in notes)
        {
            var verdict = note.Verdict.ToString().ToLowerInvariant();
            writer.WriteLine(json
                ? JsonSerializer.Serialize(new { note.Line, note.Key, Verdict = verdict, note.Text }, Json)
                : string.Create(CultureInfo.InvariantCulture, $"{file}:{note.Line}: {verdict}: {note.Key}: {note.Text}."));
        }

        if (!json)
        {
            writer.WriteLine(string.Join(", ", Enum.GetValues<ImportVerdict>().Select(verdict =>
                $"{notes.Count(note => note.Verdict == verdict)} {verdict.ToString().ToLowerInvariant()}")));
        }
    }
}
