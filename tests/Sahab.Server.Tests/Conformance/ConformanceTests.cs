using System.Globalization;
using System.Text;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Conformance;

/// <summary>
/// Every case through every API of the front door over every dialect, streamed and not, in one house; the matrix goes
/// into docs/clouds.md. Afterwards the ledger is the sum of the bills.
/// </summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    const string Begin = "<!-- matrix -->";
    const string End = "<!-- end of matrix -->";

    static readonly Face[] Faces = [new ChatFace(), new ResponsesFace(), new MessagesFace(), new GeminiFace()];

    [Fact]
    public async Task Every_case_passes_through_every_api_over_every_dialect()
    {
        await using var house = await ConformanceHouse.StartAsync();
        using var http = house.Client();
        http.DefaultRequestHeaders.Authorization = null;
        var cells = new Dictionary<(string Case, string Face, string Dialect), string>();
        var failures = new List<string>();
        foreach (var dialect in ConformanceHouse.Dialects)
        {
            foreach (var face in Faces)
            {
                foreach (var one in ConformanceCases.All)
                {
                    var cell = await RunAsync(house, http, face, dialect, one);
                    cells[(one.Id, face.Name, dialect.Name)] = cell.Mark;
                    if (cell.Failure is { } failure)
                    {
                        failures.Add($"{one.Id} by {face} over {dialect.Name}: {failure}");
                    }
                }
            }
        }

        output.WriteLine(string.Join('\n', failures));
        failures.ShouldBeEmpty();
        var books = await Books.CloseAsync(house);
        books.ShouldAgreeButForFlagged();
        MatrixIn(await File.ReadAllTextAsync(Repository.PathOf("docs/clouds.md"))).ShouldBe(
            Matrix(cells), Write(cells));
    }

    static async Task<(string Mark, string? Failure)> RunAsync(
        TestHouse house, HttpClient http, Face face, ConformanceDialect dialect, ConformanceCase one)
    {
        if (face.Lacks(one.Talk) is not null)
        {
            return ("·", null);
        }

        if (dialect.Habits.ContainsKey(one.Id))
        {
            return ("∗", null);
        }

        var isLimit = dialect.Limits.ContainsKey(one.Id);
        foreach (var stream in one.Streamed is { } only ? [only] : new[] { false, true })
        {
            var heard = new Heard();
            try
            {
                heard = await HearAsync(house, http, face, dialect, one, stream);
                if (isLimit)
                {
                    heard.Status.ShouldBe(400, "what a dialect cannot express is refused");
                    heard.ErrorMessage.ShouldNotBeNullOrEmpty();
                    continue;
                }

                one.Judge(heard, stream);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                return ("✗", $"{(stream ? "streamed" : "whole")}: {failure.GetType().Name}: {failure.Message} [{heard}]");
            }
        }

        return (isLimit ? "–" : "✓", null);
    }

    static async Task<Heard> HearAsync(
        TestHouse house, HttpClient http, Face face, ConformanceDialect dialect, ConformanceCase one, bool stream)
    {
        if (one.Fault is { } fault)
        {
            await house.Clouds.AddFaultAsync(fault with { Cloud = dialect.Name });
        }

        try
        {
            var heard = await face.HearAsync(http, dialect.Name, one.Talk, stream);
            if (one.Then is { } then && heard.Status == 200)
            {
                heard = await face.HearAsync(http, dialect.Name, then(heard), stream);
            }

            return heard;
        }
        finally
        {
            await house.Clouds.ClearFaultsAsync();
        }
    }

    static string Matrix(Dictionary<(string Case, string Face, string Dialect), string> cells)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{ConformanceCases.All.Count} cases, {Faces.Length} APIs, ");
        text.Append(CultureInfo.InvariantCulture, $"{ConformanceHouse.Dialects.Count} dialects. ✓ passes, whole and streamed; ");
        text.Append("– the cloud's protocol has no words for it, and it is refused with a 400 that says so (below); ");
        text.Append("∗ the cloud does it in a way of its own (below); ");
        text.Append("· the API at the front door has no words for it.\n\n");
        foreach (var face in Faces)
        {
            text.Append(CultureInfo.InvariantCulture, $"### Through {face.Name}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"| case | {string.Join(" | ", ConformanceHouse.Dialects.Select(d => d.Name))} |\n");
            text.Append(CultureInfo.InvariantCulture, $"|---|{string.Concat(ConformanceHouse.Dialects.Select(_ => ":-:|"))}\n");
            foreach (var one in ConformanceCases.All)
            {
                var row = ConformanceHouse.Dialects.Select(dialect => cells[(one.Id, face.Name, dialect.Name)]);
                text.Append(CultureInfo.InvariantCulture, $"| {one.Id} | {string.Join(" | ", row)} |\n");
            }

            text.Append('\n');
        }

        text.Append("### What a dash or a star stands for\n\n| cloud | case | limit |\n|---|---|---|\n");
        foreach (var dialect in ConformanceHouse.Dialects)
        {
            foreach (var (id, limit) in dialect.Limits.Concat(dialect.Habits).OrderBy(limit => limit.Key, StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {dialect.Name} | {id} | {limit} |\n");
            }
        }

        return text.ToString();
    }

    static string MatrixIn(string document)
    {
        var begin = document.IndexOf(Begin, StringComparison.Ordinal);
        var end = document.IndexOf(End, StringComparison.Ordinal);
        return begin < 0 || end < begin ? "" : document[(begin + Begin.Length)..end].TrimStart('\n');
    }

    /// <summary>Leaves the matrix beside the test's results, and says how to put it into the document.</summary>
    static string Write(Dictionary<(string Case, string Face, string Dialect), string> cells)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "matrix.md");
        File.WriteAllText(file, Matrix(cells));
        return $"put what is in {file} between '{Begin}' and '{End}' of docs/clouds.md";
    }
}
