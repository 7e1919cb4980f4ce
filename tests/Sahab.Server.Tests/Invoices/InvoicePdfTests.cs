using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sahab.Server.Sell.Invoices;

namespace Sahab.Server.Tests.Invoices;

/// <summary>Invoices on paper, in whatever script their parties are written.</summary>
public sealed class InvoicePdfTests
{
    const string Arabic = "شركة الغيوم للذكاء الاصطناعي";

    [Theory]
    [InlineData("Αθήνα Υπολογιστική ΑΕ")]
    [InlineData("Общество «Облако»")]
    [InlineData("Łódź Świętokrzyska ŐŰ")]
    [InlineData("חברת הענן בע\"מ")]
    [InlineData(Arabic)]
    public async Task A_name_is_found_in_the_paper_as_it_was_written(string name)
    {
        var pdf = InvoicePdf.Write(Invoice(name));

        InvoicePdf.Write(Invoice(name)).ShouldBe(pdf);
        pdf.Length.ShouldBeLessThan(40_000);
        (await TextOfAsync(pdf)).ShouldContain(name);
    }

    [Fact]
    public void What_is_in_Latin_1_needs_no_font_of_our_own()
    {
        var pdf = Encoding.Latin1.GetString(InvoicePdf.Write(Invoice("Ærlig & Sønner GmbH")));

        pdf.ShouldNotContain("FontFile2");
        pdf.ShouldContain("(\u00c6rlig & S\u00f8nner GmbH)");
    }

    [Fact]
    public void The_table_of_a_paper_with_a_font_says_where_each_object_is()
    {
        var content = Encoding.Latin1.GetString(InvoicePdf.Write(Invoice(Arabic)));

        var start = int.Parse(Regex.Match(content, @"startxref\n(\d+)\n%%EOF\n$").Groups[1].Value, null);
        var places = Regex.Matches(content[start..], @"(\d{10}) 00000 n ").Select(match => int.Parse(match.Groups[1].Value, null)).ToList();
        places.Count.ShouldBeGreaterThan(10);
        for (var i = 0; i < places.Count; i++)
        {
            content[places[i]..].ShouldStartWith($"{i + 1} 0 obj\n");
        }

        foreach (Match stream in Regex.Matches(content, @"/Length (\d+)[^>]* >>\nstream\n"))
        {
            content[(stream.Index + stream.Length + int.Parse(stream.Groups[1].Value, null))..].TrimStart('\n').ShouldStartWith("endstream");
        }
    }

    [Theory]
    // By itself, at the beginning, in the middle and at the end; the first letter stands last on paper.
    [InlineData("ب", "\ufe8f")]
    [InlineData("ببب", "\ufe90\ufe92\ufe91")]
    // Two letters that are one form; letters that join on one side only.
    [InlineData("سلام", "\ufee1\ufdd0\ufefc\ufeb3")]
    [InlineData("دار", "\ufead\ufe8d\ufea9")]
    // Numbers and Latin words within keep their way, brackets are turned.
    [InlineData("ب (12) ب", "\ufe8f (12) \ufe8f")]
    [InlineData("ب Sahab (ب 12) ب", "\ufe8f (12 \ufe8f) Sahab \ufe8f")]
    [InlineData("AB ببب CD", "AB \ufe90\ufe92\ufe91 CD")]
    [InlineData("plain", "plain")]
    public void Letters_join_and_stand_in_the_order_of_paper(string written, string printed) =>
        string.Concat(PrintedText.Of(written).Select(each => char.ConvertFromUtf32(each.Character))).ShouldBe(printed);

    [Fact]
    public void What_the_font_has_not_is_a_question_mark_and_nothing_fails()
    {
        foreach (var name in (string[])["云计算", "🙂 cloud", "a\u0301", "\u0640", "ـب", "٣٤ ب", ""])
        {
            InvoicePdf.Write(Invoice(name)).Length.ShouldBeGreaterThan(1000, name);
        }
    }

    static JsonNode Invoice(string customer) => JsonNode.Parse($$"""
        {
          "object": "invoice", "number": "INV-2026-000001", "month": "2026-11", "issued_at": "2026-12-01T00:00:00Z",
          "due_at": "2026-12-31T00:00:00Z", "seller": { "name": "Sahab", "address": ["1 Street"] },
          "customer": { "name": {{JsonValue.Create(customer)!.ToJsonString()}}, "address": ["Oslo"] },
          "lines": [ { "line": 1, "kind": "usage", "text": "Output of small", "amount_usd": "12.50" } ],
          "totals": { "total_usd": "12.50" }
        }
        """)!;

    /// <summary>What a reader of PDF finds in it.</summary>
    internal static async Task<string> TextOfAsync(byte[] pdf)
    {
        File.Exists("/usr/bin/pdftotext").ShouldBeTrue("pdftotext is missing: eng/tools.sh brings it");
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, pdf);
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/pdftotext", [file, "-"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        File.Delete(file);
        // Marks of direction, where the program sets any, are its own.
        return Regex.Replace(text, "[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "");
    }
}
