using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Ledger.Sales;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab receipt verify</c>: checks receipts, and an invoice by them, without any server.</summary>
internal static class ReceiptCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("receipt", "Get receipts, and check them.")
        {
            maker.Write("keys", "The public keys that receipts are and were signed with.", "GET api/receipts/key"),
            maker.Write(
                "export", "The receipts of an organisation, one in a line.", "GET api/organisations/{organisation}/receipts",
                CommandField.Number("after", "Those after this number only.")),
            Verify(console),
        };
    }

    static Command Verify(IAnsiConsole console)
    {
        var file = new Argument<string>("file") { Description = "All receipts of an organisation, as exported: one in a line." };
        var key = new Option<string>("--key")
        {
            Description = "The public keys: what /api/receipts/key answered, or PEM.",
            Required = true,
        };
        var invoice = new Option<string?>("--invoice")
        {
            Description = "An invoice or credit note in JSON, to be checked against the receipts.",
        };
        var earlier = new Option<string[]>("--earlier")
        {
            Description = "An earlier invoice in JSON; give all since the month that late lines are about, to check those too.",
        };
        var command = new Command("verify", "Find whatever was altered, removed, moved or added.") { file, key, invoice, earlier };
        command.SetAction((parsed, _) => CommandRun.RunAsync(console, () => Task.FromResult(Run(
            console, parsed.GetValue(file)!, parsed.GetValue(key)!, parsed.GetValue(invoice), parsed.GetValue(earlier) ?? []))));
        return command;
    }

    static int Run(IAnsiConsole console, string file, string keyFile, string? invoiceFile, string[] earlierFiles)
    {
        var output = console.Profile.Out.Writer;
        var chain = new ReceiptChain(KeysOf(Read(keyFile)));
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                chain.Add(line);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"'{file}' cannot be read: {fault.Message}");
        }

        chain.End();
        List<string> problems = [.. chain.Problems];
        InvoiceCheck? check = null;
        if (invoiceFile is not null && problems.Count == 0)
        {
            check = new InvoiceCheck(chain, ParseInvoice(Read(invoiceFile)), [.. earlierFiles.Select(each => ParseInvoice(Read(each)))]);
            problems.AddRange(check.Problems);
        }

        foreach (var problem in problems)
        {
            output.WriteLine(problem);
        }

        output.WriteLine(problems.Count == 0
            ? $"{chain.Count} receipts of {chain.Organisation ?? "nobody"}, each as it was issued."
                + (check is null ? "" : $" {check.Finding}")
            : $"{problems.Count} problems{(problems.Count >= ReceiptChain.MaxProblems ? " or more" : "")}.");
        if (problems.Count == 0 && check is { NotProven.Count: > 0 })
        {
            output.WriteLine($"Not proven by receipts, but for their sums: {string.Join("; ", check.NotProven)}.");
        }

        return problems.Count == 0 ? 0 : 1;
    }

    static JsonObject ParseInvoice(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject invoice && invoice["lines"] is JsonArray
                && invoice["month"] is not null
                ? invoice : throw new CommandException("The invoice is not one in JSON, as the server gives it.");
        }
        catch (JsonException)
        {
            throw new CommandException("The invoice is not JSON.");
        }
    }

    static IReadOnlyList<ReceiptKey> KeysOf(string text)
    {
        try
        {
            // Within JSON the line ends of PEM are escaped.
            var keys = ReceiptKey.ReadAll(text.TrimStart().StartsWith('{')
                ? string.Join('\n', JsonNode.Parse(text)!["data"]!.AsArray().Select(key => key!["public_key"]!.ToString()))
                : text);
            return keys.Count > 0 ? keys : throw new CommandException("The key file holds no public key.");
        }
        catch (Exception fault) when (fault is CryptographicException or JsonException or NullReferenceException
            or InvalidOperationException)
        {
            throw new CommandException("The key file is neither what /api/receipts/key answers nor public keys in PEM.");
        }
    }

    static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"'{file}' cannot be read: {fault.Message}");
        }
    }
}
