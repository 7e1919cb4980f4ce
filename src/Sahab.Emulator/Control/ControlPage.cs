using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Control;

/// <summary>The page at the root of the control port: load, bill and fault buttons of each cloud.</summary>
internal sealed class ControlPage(Emulation emulation, CloudSockets sockets)
{
    /// <summary>What the buttons do: label, and the fault without its cloud.</summary>
    static readonly (string Label, string Title, Dictionary<string, object> Fault)[] Buttons =
    [
        ("Down", "Refuse connections and cut what runs", new() { ["kind"] = "down" }),
        ("Slow ×5", "Everything takes five times as long", new() { ["kind"] = "slow", ["factor"] = 5 }),
        ("429 storm", "Refuse with Retry-After 5", new() { ["kind"] = "throttle", ["retry_after_seconds"] = 5 }),
        ("503", "Answer with status 503", new() { ["kind"] = "error", ["status"] = 503 }),
        ("Stall", "Nothing after the first token", new() { ["kind"] = "stall" }),
        ("Cut", "End the connection in mid-answer", new() { ["kind"] = "cut" }),
        ("Error in 200", "An error inside a 200", new() { ["kind"] = "error-in-200" }),
        ("Inflated usage", "Response and bill overstate", new() { ["kind"] = "wrong-usage", ["mode"] = "inflated" }),
        ("Misreported usage", "The response overstates", new() { ["kind"] = "wrong-usage", ["mode"] = "misreported" }),
        ("No usage", "The response tells none", new() { ["kind"] = "wrong-usage", ["mode"] = "missing" }),
    ];

    static readonly string Style = ReadAsset("page.css");
    static readonly string Script = ReadAsset("page.js");

    public string Write()
    {
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=en><head><meta charset=utf-8><title>Emulated clouds</title>")
            .Append("<meta name=viewport content='width=device-width,initial-scale=1'><link rel=icon href='data:,'>")
            .Append("<style>").Append(Style).Append("</style></head><body><header><h1>Emulated clouds</h1>")
            .Append(CultureInfo.InvariantCulture, $"<span class=muted>speed ×{emulation.Clock.Speed:0.##}, latency ")
            .Append(CultureInfo.InvariantCulture, $"{emulation.Config.Latency.ToString().ToLowerInvariant()}</span>")
            .Append("<label>Faults last <select id=duration><option value=10>10 s<option value=60 selected>60 s")
            .Append("<option value=300>5 min<option value=0>until ended</select></label>")
            .Append("<label>and strike <select id=rate><option value=1>all calls<option value=0.5>half")
            .Append("<option value=0.1>one in ten</select></label>")
            .Append("<button data-clear=faults>End all faults</button><button data-clear=bill>Empty the books</button>")
            .Append("<a href='bill?format=csv'>Bill as CSV</a><span id=says role=status></span></header><main>");
        foreach (var cloud in emulation.Clouds.Values)
        {
            html.Append(CultureInfo.InvariantCulture, $"<section class=card><div id='live-{Text(cloud.Id)}'>");
            WriteLive(html, cloud);
            html.Append("</div>");
            WriteControls(html, cloud);
            html.Append("</section>");
        }
        return html.Append("</main><script>").Append(Script).Append("</script></body></html>").ToString();
    }

    /// <summary>The parts that change, by cloud.</summary>
    public Dictionary<string, string> WriteLive()
    {
        var parts = new Dictionary<string, string>();
        foreach (var cloud in emulation.Clouds.Values)
        {
            var html = new StringBuilder();
            WriteLive(html, cloud);
            parts[cloud.Id] = html.ToString();
        }
        return parts;
    }

    static void WriteControls(StringBuilder html, Cloud cloud)
    {
        html.Append("<div class=controls><select aria-label='Where faults strike'><option value=''>Whole cloud");
        foreach (var region in cloud.Config.Regions.Keys)
        {
            html.Append(CultureInfo.InvariantCulture, $"<option value='{Text(region)}'>{Text(region)}");
        }
        html.Append("</select>");
        foreach (var (label, title, fault) in Buttons)
        {
            var body = JsonSerializer.Serialize(new Dictionary<string, object>(fault) { ["cloud"] = cloud.Id });
            html.Append(
                CultureInfo.InvariantCulture, $"<button title='{title}' data-fault='{Text(body)}'>{label}</button>");
        }
        html.Append("</div>");
    }

    static void WriteLoad(StringBuilder html, CloudReport report)
    {
        html.Append("<table><caption>Load</caption><tr><th>deployment<th class=wide>country<th>running<th>waiting<th>");
        foreach (var d in report.Deployments)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(d.Region)} · {Text(d.Model)}")
                .Append(CultureInfo.InvariantCulture, $"<td class=wide>{Text(d.Country)}")
                .Append(CultureInfo.InvariantCulture, $"<td>{d.Running:N0} / {d.Concurrency:N0}")
                .Append(CultureInfo.InvariantCulture, $"<td>{d.Waiting:N0}<td><meter value='{d.Load}' ")
                .Append("low=.7 high=.9 optimum=0></meter>");
        }
        html.Append("</table>");
    }

    static void WriteBill(StringBuilder html, Cloud cloud)
    {
        html.Append("<table><caption>Bill, in tokens</caption><tr><th>deployment · key<th>calls<th>prompt")
            .Append("<th class=wide>cached<th class=wide>cache writes<th>output<th class=wide>reasoning");
        var entries = cloud.Bill.ReadEntries();
        foreach (var e in entries)
        {
            var note = e.Billed == e.Served
                ? ""
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"<div class=wrong>served {e.Served.Prompt:N0} + {e.Served.Output:N0}, {e.Unbilled:N0} free</div>");
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(e.Account.Region)} · {Text(e.Account.Model)}")
                .Append(CultureInfo.InvariantCulture, $" · {Text(e.Account.Key)}{note}<td>{e.Requests:N0}")
                .Append(CultureInfo.InvariantCulture, $"<td>{e.Billed.Prompt:N0}<td class=wide>{e.Billed.Cached:N0}")
                .Append(CultureInfo.InvariantCulture, $"<td class=wide>{e.Billed.CacheWritten:N0}")
                .Append(CultureInfo.InvariantCulture, $"<td>{e.Billed.Output:N0}")
                .Append(CultureInfo.InvariantCulture, $"<td class=wide>{e.Billed.Reasoning:N0}");
        }
        html.Append(entries.Count == 0 ? "<tr><td colspan=7 class=muted>Nothing yet</table>" : "</table>");
    }

    static string Describe(Fault fault)
    {
        var spec = fault.Spec;
        var name = spec.Kind == FaultKind.ErrorIn200
            ? "error in 200"
            : JsonNamingPolicy.KebabCaseLower.ConvertName(spec.Kind.ToString());
        var range = spec.Region is null && spec.Model is null ? "" : $" {spec.Region} {spec.Model}".TrimEnd();
        var detail = spec.Kind switch
        {
            FaultKind.Slow => string.Create(CultureInfo.InvariantCulture, $" ×{spec.Factor}"),
            FaultKind.Error => $" {spec.Status ?? 500}",
            FaultKind.WrongUsage => $" {spec.Mode.ToString().ToLowerInvariant()}",
            _ => "",
        };
        var rate = spec.Rate < 1 ? string.Create(CultureInfo.InvariantCulture, $" {spec.Rate:P0}") : "";
        var until = fault.Until is { } end
            ? string.Create(CultureInfo.InvariantCulture, $" until {end:HH:mm:ss} UTC")
            : "";
        return Text(name + detail + range + rate + until);
    }

    static string Text(string text) => WebUtility.HtmlEncode(text);

    static string ReadAsset(string name)
    {
        using var stream = typeof(ControlPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    void WriteLive(StringBuilder html, Cloud cloud)
    {
        var report = CloudReport.Read(emulation, sockets, cloud);
        var style = cloud.Config.Style.ToString().ToLowerInvariant();
        html.Append(CultureInfo.InvariantCulture, $"<div class=head><h2>{Text(cloud.Id)}</h2>")
            .Append(report.Listening ? "<span class=state>up</span>" : "<span class='state down'>down</span>")
            .Append(CultureInfo.InvariantCulture, $"<span class=muted>{style} · {report.Address.Authority} · ")
            .Append(CultureInfo.InvariantCulture, $"{report.Calls:N0} calls on {report.Connections:N0} connections")
            .Append("</span></div>");
        if (report.Faults.Count > 0)
        {
            html.Append("<div class=faults>");
            foreach (var fault in report.Faults)
            {
                html.Append(CultureInfo.InvariantCulture, $"<button class=fault data-end={fault.Id} ")
                    .Append(CultureInfo.InvariantCulture, $"title='End this fault'>{Describe(fault)} ✕</button>");
            }
            html.Append("</div>");
        }
        WriteLoad(html, report);
        WriteBill(html, cloud);
    }
}
