using System.CommandLine;
using Sahab.Server.Govern.Audit;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab audit</c>: exports the log of changes, and verifies an export without any server.</summary>
internal static class AuditCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("audit", "Export the log of changes, and verify an export.")
        {
            Export(console, environment), Verify(console),
        };

    static Command Export(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var output = new Option<string?>("--out") { Description = "The file to write. Left out: standard output." };
        var command = new Command("export", "The whole log as NDJSON; its last line is the end of the chain.") { output };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var text = await client.GetTextAsync("api/audit/export", cancellation);
            if (parsed.GetValue(output) is { } path)
            {
                await File.WriteAllTextAsync(path, text, cancellation);
            }
            else
            {
                await console.Profile.Out.Writer.WriteAsync(text);
            }
        }));
        return command;
    }

    static Command Verify(IAnsiConsole console)
    {
        var file = new Argument<string>("FILE") { Description = "An export of the log." };
        var head = new Option<string?>("--head")
        {
            Description = "The end that the log once had, as an earlier export or verification printed it: number:hash.",
        };
        var command = new Command(
            "verify", "Follow the chain of an export: names the first entry that was removed, altered or moved.")
        {
            file, head,
        };
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            var known = AuditFile.ParseHead(parsed.GetValue(head));
            if (parsed.GetValue(head) is not null && known is null)
            {
                throw new CommandException("--head must be an entry's number, a colon and its hash.");
            }

            var verifier = await VerifyAsync(parsed.GetRequiredValue(file), known, cancellation);
            var writer = console.Profile.Out.Writer;
            writer.WriteLine(verifier.Fault ?? $"{verifier.Entries} entries, none removed, altered or moved. Head: {verifier.Head}");
            return verifier.Fault is null ? 0 : 1;
        }));
        return command;
    }

    static async Task<AuditVerifier> VerifyAsync(string path, AuditHead? known, CancellationToken cancellation)
    {
        try
        {
            using var reader = File.OpenText(path);
            return await AuditFile.VerifyAsync(reader, known, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {error.Message}");
        }
    }
}
