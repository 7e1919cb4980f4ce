using System.CommandLine;
using System.Globalization;
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
            Description = "An invoice in JSON, to be checked against the receipts.",
        };
        var command = new Command("verify", "Find whatever was altered, removed, moved or added.") { file, key, invoice };
        command.SetAction((parsed, _) => CommandRun.RunAsync(console, () => Task.FromResult(
            Run(console, parsed.GetValue(file)!, parsed.GetValue(key)!, parsed.GetValue(invoice)))));
        return command;
    }

    static int Run(IAnsiConsole console, string file, string keyFile, string? invoiceFile)
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
        if (invoiceFile is not null && problems.Count == 0)
        {
            problems.AddRange(Compare(chain, Read(invoiceFile)));
        }

        foreach (var problem in problems)
        {
            output.WriteLine(problem);
        }

        output.WriteLine(problems.Count == 0
            ? $"{chain.Count} receipts of {chain.Organisation ?? "nobody"}, each as it was issued."
                + (invoiceFile is null ? "" : " The invoice's usage is what they come to.")
            : $"{problems.Count} problems{(problems.Count >= ReceiptChain.MaxProblems ? " or more" : "")}.");
        return problems.Count == 0 ? 0 : 1;
    }

    /// <summary>What an invoice charges for calls, held against the receipts that there were when it was issued.</summary>
    static IEnumerable<string> Compare(ReceiptChain chain, string text)
    {
        var invoice = ParseInvoice(text);
        if (invoice["organisation"]?.ToString() is { } organisation && organisation != (chain.Organisation ?? organisation))
        {
            yield return $"The invoice is of {organisation}, and the receipts are of {chain.Organisation}.";
            yield break;
        }

        var through = invoice["receipts"]?["through"]?.GetValue<long>() ?? long.MaxValue;
        if (through != long.MaxValue && through > chain.Count)
        {
            yield return $"The invoice knows of {through} receipts, and there are {chain.Count}.";
        }

        var month = DateOnly.ParseExact(invoice["month"]!.ToString(), "yyyy-MM", CultureInfo.InvariantCulture);
        var sums = chain.SumsOf(month, through).ToDictionary(pair => pair.Key, pair => (decimal)pair.Value / 1_000_000_000);
        var charged = invoice["lines"]!.AsArray()
            .Where(line => line!["kind"]!.ToString() is "usage" or "call_rounding")
            .GroupBy(line => (line!["model"]!.ToString(), line["service_tier"]!.ToString(), line["plan"]!.ToString()))
            .ToDictionary(group => group.Key, group => group.Sum(line =>
                decimal.Parse(line!["amount_usd"]!.ToString(), CultureInfo.InvariantCulture)));
        foreach (var of in sums.Keys.Union(charged.Keys).Order())
        {
            var (receipts, lines) = (sums.GetValueOrDefault(of), charged.GetValueOrDefault(of));
            if (receipts != lines)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{of.Item1}, {of.Item2}, {of.Item3}: the invoice charges {lines} USD, and the receipts come to "
                    + $"{receipts} USD.");
            }
        }
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
