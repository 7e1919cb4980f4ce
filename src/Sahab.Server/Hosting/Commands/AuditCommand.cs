using System.CommandLine;
using Sahab.Server.Govern.Audit;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab audit</c>: exports the log of changes, and verifies an export without any server.</summary>
internal static class AuditCommand
{
    static readonly string[] Columns = ["number", "at", "actor", "action", "organisation", "subject"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("audit", "Read and export the log of changes, and verify an export.")
        {
            maker.Ask(
                "list", "The log of changes, the newest first.", "GET api/audit", Columns,
                [CommandField.Text("organisation", "Of this organisation only."), .. Filters()]),
            maker.Ask(
                "of", "An organisation's part of it.", "GET api/organisations/{organisation}/audit", Columns, Filters()),
            maker.Ask(
                "check", "Have the server follow the chain through its whole log.", "GET api/audit/verify", null,
                CommandField.Text("head", "The end that the log once had: number:hash.")),
            Export(maker, console), Verify(console),
        };
    }

    static CommandField[] Filters() =>
    [
        CommandField.Number("limit", "At most so many. Left out: 100."),
        CommandField.Text("after", "Where the answer before ended, as its 'next' told."),
        CommandField.Text("actor", "Of whom."), CommandField.Text("action", "Such as key.created."),
        CommandField.Text("subject", "About what."), CommandField.Text("since", "From this time on."),
        CommandField.Text("until", "Before this time."),
    ];

    static Command Export(CommandMaker maker, IAnsiConsole console)
    {
        var output = new Option<string?>("--out") { Description = "The file to write. Left out: standard output." };
        return maker.Make(
            "export", "The whole log as NDJSON; its last line is the end of the chain.", [output],
            async (parsed, client, cancellation) =>
            {
                var text = await client.GetTextAsync("api/audit/export", cancellation);
                if (parsed.GetValue(output) is { } path)
                {
                    await File.WriteAllTextAsync(path, text, cancellation);
                }
                else
                {
                    await console.Profile.Out.Writer.WriteAsync(text);
                }
            });
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
