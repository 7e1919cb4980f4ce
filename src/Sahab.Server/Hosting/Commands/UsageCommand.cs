using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab usage</c>: what was used and what it cost, from a running server or from a data folder.</summary>
internal static class UsageCommand
{
    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    public static Command Create(IAnsiConsole console)
    {
        var options = new UsageOptions();
        var command = new Command("usage", "Show what was used and what it cost.");
        foreach (var option in options.All)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) =>
        {
            var parameters = options.ToParameters(parsed);
            var format = parsed.GetValue(options.Csv) ? UsageFormat.Csv
                : parsed.GetValue(options.Json) ? UsageFormat.Json : UsageFormat.Table;
            return parsed.GetValue(options.Data) is { } folder
                ? ReadFolderAsync(console, folder, parameters, format, cancellation)
                : AskServerAsync(
                    console,
                    parsed.GetValue(options.Url)!,
                    parsed.GetValue(options.KeyVariable)!,
                    parameters,
                    format,
                    cancellation);
        });
        return command;
    }

    static async Task<int> ReadFolderAsync(
        IAnsiConsole console,
        string folder,
        Dictionary<string, StringValues> parameters,
        UsageFormat format,
        CancellationToken cancellation)
    {
        var path = Path.Combine(folder, MeteringModule.StoreFileName);
        if (!File.Exists(path))
        {
            return Fail(console, $"There is no store at {path}. Give the folder that the server was started with.");
        }

        var question = UsageQuestion.Read(parameters, UsageQuestion.TotalsParameters, out var fault);
        if (question is null)
        {
            return Fail(console, fault!.Message);
        }

        await using var database = new SqliteDatabase(path);
        if (!await database.IsMigratedAsync(cancellation))
        {
            return Fail(
                console,
                $"The store at {path} was made by another version of Sahab. Start this version's server with that folder "
                + "once, or read it with the version that made it.");
        }

        var totals = await new UsageStore(database).TotalsAsync(question.Query, question.By, cancellation);
        Print(
            console,
            format == UsageFormat.Csv
                ? UsageReport.ToCsv(question.By, totals)
                : JsonSerializer.Serialize(UsageAnswer.Of(question, totals), ControlJson.Options),
            format);
        return 0;
    }

    static async Task<int> AskServerAsync(
        IAnsiConsole console,
        string url,
        string keyVariable,
        Dictionary<string, StringValues> parameters,
        UsageFormat format,
        CancellationToken cancellation)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/api/usage", UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https"))
        {
            return Fail(console, $"'{url}' is not the address of a server, such as http://127.0.0.1:8080.");
        }

        if (Environment.GetEnvironmentVariable(keyVariable) is not { Length: > 0 } key)
        {
            return Fail(
                console,
                $"The environment variable {keyVariable} holds no admin key. Set it, or name another by "
                + "--admin-key-env, or read a data folder by --data.");
        }

        if (format == UsageFormat.Csv)
        {
            parameters["format"] = "csv";
        }

        var query = QueryString.Create(parameters);
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) };
        using var client = new HttpClient(handler) { Timeout = AnswerTimeout };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var response = await client.GetAsync(new Uri(address + query.Value), cancellation);
            var body = await response.Content.ReadAsStringAsync(cancellation);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return Fail(console, $"{url} answered {(int)response.StatusCode}: {MessageOf(body)}");
            }

            Print(console, body, format);
            return 0;
        }
        catch (HttpRequestException error)
        {
            return Fail(console, $"No answer from {url}: {error.Message}");
        }
    }

    static string MessageOf(string body)
    {
        try
        {
            return JsonNode.Parse(body)?["error"]?["message"]?.ToString() ?? body;
        }
        catch (System.Text.Json.JsonException)
        {
            return body;
        }
    }

    static void Print(IAnsiConsole console, string answer, UsageFormat format)
    {
        if (format == UsageFormat.Table)
        {
            console.Write(ToTable(JsonNode.Parse(answer)!));
            return;
        }

        // Past the console's formatting, which would wrap long lines.
        console.Profile.Out.Writer.WriteLine(answer.TrimEnd());
    }

    static Table ToTable(JsonNode answer)
    {
        var table = new Table().Border(TableBorder.Rounded);
        var by = answer["by"]!.AsArray().Select(name => name!.ToString()).ToList();
        foreach (var name in by)
        {
            table.AddColumn(name.Replace('_', ' '));
        }

        foreach (var name in (string[])["calls", "attempts", "failed", "prompt", "cached", "cache write", "output", "cost USD"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (var row in answer["data"]!.AsArray())
        {
            var cells = by.Select(name => Markup.Escape(row![name]!.ToString()))
                .Concat(((string[])["calls", "attempts", "failed"]).Select(name => Count(row![name])))
                .Concat(((string[])["prompt", "cached", "cache_write", "output"]).Select(name => Count(row!["tokens"]![name])))
                .Append(row!["cost_usd"]!.ToString());
            table.AddRow(cells.ToArray());
        }

        return table;
    }

    static string Count(JsonNode? count) =>
        count!.GetValue<long>().ToString("N0", CultureInfo.InvariantCulture);

    static int Fail(IAnsiConsole console, string message)
    {
        console.MarkupLineInterpolated($"[red]{message}[/]");
        return 1;
    }

    enum UsageFormat : byte
    {
        Table,
        Json,
        Csv,
    }
}
