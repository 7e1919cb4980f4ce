using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sahab.Emulator.Billing;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Control;

/// <summary>The control port: what the clouds do, what goes wrong with them, and what they charge.</summary>
internal static class ControlApi
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    public static void Map(IEndpointRouteBuilder app, Emulation emulation, CloudSockets sockets)
    {
        app.MapGet("/clouds", () => Results.Json(CloudReport.ReadAll(emulation, sockets), Json));
        app.MapGet("/faults", () => Results.Json(emulation.Faults.Active, Json));
        app.MapPost("/faults", (HttpRequest request) => AddFaultAsync(request, emulation));
        app.MapDelete("/faults/{id}", async (string id) => await emulation.Faults.RemoveAsync(f => f.Id == id) > 0
            ? Results.NoContent()
            : Refuse(404, $"no fault '{id}' is in force"));
        app.MapDelete("/faults", async () =>
        {
            await emulation.Faults.RemoveAsync(_ => true);
            return Results.NoContent();
        });
        app.MapGet("/bill", (string? format) => format switch
        {
            null or "json" => Results.Json(ReadRows(emulation), Json),
            "csv" => Results.Text(WriteCsv(ReadRows(emulation)), "text/csv"),
            _ => Refuse(400, "format must be json or csv"),
        });
        app.MapGet("/bill/focus", (string? cloud) => emulation.Clouds.TryGetValue(cloud ?? "", out var found)
            ? Results.Text(FocusBill.Write(found), "text/csv")
            : Refuse(400, $"cloud must be one of: {string.Join(", ", emulation.Clouds.Keys)}"));
        app.MapGet("/bill/lines", (string? cloud) => emulation.Clouds.TryGetValue(cloud ?? "", out var found)
            ? Results.Json(found.Bill.ReadLines(), Json)
            : Refuse(400, $"cloud must be one of: {string.Join(", ", emulation.Clouds.Keys)}"));
        app.MapDelete("/bill", () =>
        {
            foreach (var cloud in emulation.Clouds.Values)
            {
                cloud.Bill.Clear();
            }
            return Results.NoContent();
        });
        var page = new ControlPage(emulation, sockets);
        app.MapGet("/", () => Results.Content(page.Write(), "text/html; charset=utf-8"));
        app.MapGet("/live", () => Results.Json(page.WriteLive(), Json));
    }

    static async Task<IResult> AddFaultAsync(HttpRequest request, Emulation emulation)
    {
        FaultSpec? spec;
        try
        {
            spec = await request.ReadFromJsonAsync<FaultSpec>(Json, request.HttpContext.RequestAborted);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or BadHttpRequestException)
        {
            return Refuse(400, error.Message);
        }
        if (spec is null)
        {
            return Refuse(400, "the body must be a fault");
        }
        if (emulation.FindProblem(spec) is { } problem)
        {
            return Refuse(400, problem);
        }
        return await emulation.Faults.AddAsync(spec) is { } fault
            ? Results.Json(fault, Json, statusCode: 201)
            : Refuse(409, $"{FaultBoard.MaxFaults} faults are in force already");
    }

    static IResult Refuse(int status, string message) =>
        Results.Json(new { error = new { message } }, Json, statusCode: status);

    static IReadOnlyList<BillEntry> ReadRows(Emulation emulation) =>
        [.. emulation.Clouds.Values.SelectMany(c => c.Bill.ReadEntries())];

    static string WriteCsv(IReadOnlyList<BillEntry> rows)
    {
        var csv = new StringBuilder(
            "cloud,region,model,key,requests,unbilled,"
            + "billed_prompt,billed_cached,billed_cache_written,billed_cache_written_1h,billed_output,billed_reasoning,"
            + "served_prompt,served_cached,served_cache_written,served_cache_written_1h,served_output,served_reasoning\n");
        foreach (var row in rows)
        {
            var (account, billed, served) = (row.Account, row.Billed, row.Served);
            csv.Append(CultureInfo.InvariantCulture, $"{Quote(account.Cloud)},{Quote(account.Region)},")
                .Append(CultureInfo.InvariantCulture, $"{Quote(account.Model)},{Quote(account.Key)},")
                .Append(CultureInfo.InvariantCulture, $"{row.Requests},{row.Unbilled},")
                .Append(CultureInfo.InvariantCulture, $"{billed.Prompt},{billed.Cached},")
                .Append(CultureInfo.InvariantCulture, $"{billed.CacheWritten},{billed.CacheWritten1h},")
                .Append(CultureInfo.InvariantCulture, $"{billed.Output},{billed.Reasoning},")
                .Append(CultureInfo.InvariantCulture, $"{served.Prompt},{served.Cached},")
                .Append(CultureInfo.InvariantCulture, $"{served.CacheWritten},{served.CacheWritten1h},")
                .Append(CultureInfo.InvariantCulture, $"{served.Output},{served.Reasoning}\n");
        }
        return csv.ToString();
    }

    static string Quote(string field) => field.AsSpan().IndexOfAny(",\"\r\n") < 0
        ? field
        : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
