using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class PassThroughTests
{
    const string Boundary = "----cut";

    [Theory]
    [InlineData("""{"model":"m","input":"x"}""", """{"model":"up","input":"x"}""")]
    [InlineData("""{"input":"x", "model" : "m" }""", """{"input":"x", "model" : "up" }""")]
    [InlineData("""{"input":{"model":"inner"}, "mod\u0065l":"m"}""", """{"input":{"model":"inner"}, "mod\u0065l":"up"}""")]
    [InlineData("""{"input":"x"}""", """{"input":"x","model":"up"}""")]
    [InlineData("""{ }""", """{ "model":"up"}""")]
    [InlineData("""{"model":null,"input":"x"}""", """{"model":"up","input":"x"}""")]
    public void The_model_of_a_json_body_is_all_that_changes(string body, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        PassThroughScanner.TryScanJson(bytes, out var facts, out _).ShouldBeTrue();
        Encoding.UTF8.GetString(Edited(bytes, facts)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("""{"model":"m","model":"n"}""", "duplicate_parameter")]
    [InlineData("""{"model":null,"model":"n"}""", "duplicate_parameter")]
    [InlineData("""{"model":"n","model":null}""", "invalid_type")]
    [InlineData("""{"model":""}""", "empty_string")]
    [InlineData("""{"model":7}""", "invalid_type")]
    [InlineData("""["model"]""", "invalid_type")]
    [InlineData("""{"model":"m" """, "invalid_json")]
    [InlineData("", "invalid_json")]
    public void A_json_body_that_cannot_be_sent_on_is_refused(string body, string code)
    {
        PassThroughScanner.TryScanJson(Encoding.UTF8.GetBytes(body), out _, out var fault).ShouldBeFalse();
        fault.Code.ShouldBe(code);
        fault.Message.ShouldNotBeEmpty();
    }

    [Fact]
    public void Texts_images_and_choices_are_counted_and_payloads_are_not()
    {
        const string body = """
            {"model":"m","n":3,"stream":true,
            "input":["four",{"type":"text","text":"also"},{"type":"image_url","image_url":{"url":"data:xxxxxxxxxxxx"}}]}
            """;
        PassThroughScanner.TryScanJson(Encoding.UTF8.GetBytes(body), out var facts, out _).ShouldBeTrue();
        (facts.PromptBytes, facts.ImageCount, facts.N, facts.Stream).ShouldBe((12, 1, 3, true));
        PassThroughScanner.TryScanJson("""{"stream_format":"sse"}"""u8, out facts, out _).ShouldBeTrue();
        facts.Stream.ShouldBeTrue();
    }

    [Theory]
    [InlineData("model,file,prompt")]
    [InlineData("file,model,prompt")]
    [InlineData("file,prompt,model")]
    [InlineData("file,prompt")]
    public void Wherever_the_model_stands_in_a_form_it_is_replaced_and_the_file_stays(string order)
    {
        byte[] file = TrickyFile();
        byte[] body = Form(order.Split(','), "m", file);
        PassThroughScanner.TryScanForm(body, Boundary, out var facts, out _).ShouldBeTrue();
        facts.IsForm.ShouldBeTrue();
        (facts.ModelLength > 0).ShouldBe(order.Contains("model", StringComparison.Ordinal));
        facts.PromptBytes.ShouldBe(5);
        facts.PromptTokenIds.ShouldBe(file.Length / PassThroughScanner.SoundBytesPerToken);
        Encoding.ASCII.GetString(PassThroughEdits.BoundaryOf(body, facts)).ShouldBe(Boundary);

        string[] parts = facts.ModelLength > 0 ? order.Split(',') : [.. order.Split(','), "model"];
        Edited(body, facts).ShouldBe(Form(parts, "up", file));
    }

    [Theory]
    [InlineData("Content-Disposition: form-data; name=model")]
    [InlineData("content-disposition:form-data;NAME = \"model\"")]
    [InlineData("Content-Type: text/plain\r\nCONTENT-DISPOSITION: form-data; x=\"a;name=no\"; name=\"model\"; flag")]
    public void A_field_is_known_however_its_headers_are_written(string headers)
    {
        byte[] body = Encoding.UTF8.GetBytes($"--{Boundary} \t\r\n{headers}\r\n\r\nm\r\n--{Boundary}--");
        PassThroughScanner.TryScanForm(body, Boundary, out var facts, out var fault).ShouldBeTrue(fault.Message);
        Encoding.UTF8.GetString(facts.ReadModel(body, [])).ShouldBe("m");
    }

    [Fact]
    public void A_file_that_is_called_model_is_none_and_what_comes_before_the_form_is_left_alone()
    {
        byte[] body = Encoding.UTF8.GetBytes(
            $"hello\r\n--{Boundary}\r\nContent-Disposition: form-data; name=\"model\"; filename=\"x\"\r\n\r\nm"
            + $"\r\n--{Boundary}--\r\nbye");
        PassThroughScanner.TryScanForm(body, Boundary, out var facts, out _).ShouldBeTrue();
        facts.ModelLength.ShouldBe(0);
        Encoding.UTF8.GetString(Edited(body, facts)).ShouldBe(
            $"hello\r\n--{Boundary}\r\nContent-Disposition: form-data; name=\"model\"; filename=\"x\"\r\n\r\nm"
            + $"\r\n--{Boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nup\r\n--{Boundary}--\r\nbye");
    }

    [Theory]
    [InlineData("", "--x--", "invalid_multipart")]
    [InlineData("has space", "--has space--", "invalid_multipart")]
    [InlineData(Boundary, "", "invalid_multipart")]
    [InlineData(Boundary, "--other--", "invalid_multipart")]
    [InlineData(Boundary, "--" + Boundary + "\r\nContent-Disposition: form-data; name=a\r\n\r\n1", "invalid_multipart")]
    [InlineData(Boundary, "--" + Boundary + "\r\nno headers\r\n--" + Boundary + "--", "invalid_multipart")]
    [InlineData(Boundary, "--" + Boundary + "\r\n\r\nvalue\r\n--" + Boundary + "--", "invalid_multipart")]
    [InlineData(Boundary, "--" + Boundary + "\r\nContent-Disposition: form-data; name=model\r\n\r\n\r\n--" + Boundary + "--", "empty_string")]
    [InlineData(
        Boundary,
        "--" + Boundary + "\r\nContent-Disposition: form-data; name=model\r\n\r\na\r\n--" + Boundary
        + "\r\nContent-Disposition: form-data; name=model\r\n\r\nb\r\n--" + Boundary + "--",
        "duplicate_parameter")]
    public void A_form_that_cannot_be_sent_on_is_refused(string boundary, string body, string code)
    {
        PassThroughScanner.TryScanForm(Encoding.UTF8.GetBytes(body), boundary, out _, out var fault).ShouldBeFalse();
        fault.Code.ShouldBe(code);
        fault.Message.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_broken_body_is_refused_or_changed_in_one_place()
    {
        var random = new RandomJson(seed: 301);
        byte[] form = Form(["prompt", "model", "file"], "m", TrickyFile());
        byte[] json = """{"prompt":"x","model":"m","n":2,"input":["a",{"text":"b"}]}"""u8.ToArray();
        var (forms, jsons) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            byte[] body = random.Break(form);
            if (PassThroughScanner.TryScanForm(body, Boundary, out var facts, out _))
            {
                forms++;
                PassThroughScanner.TryScanForm(Edited(body, facts), Boundary, out var again, out _).ShouldBeTrue();
                Encoding.UTF8.GetString(again.ReadModel(Edited(body, facts), [])).ShouldBe("up");
            }

            body = random.Break(json);
            if (PassThroughScanner.TryScanJson(body, out facts, out _))
            {
                jsons++;
                using var edited = JsonDocument.Parse(Edited(body, facts));
                edited.RootElement.GetProperty("model").GetString().ShouldBe("up");
            }
        }

        forms.ShouldBeGreaterThan(1_000);
        jsons.ShouldBeGreaterThan(1_000);
    }

    [Theory]
    [InlineData("""{"input_tokens":5,"output_tokens":7,"total_tokens":12,"input_tokens_details":{"text_tokens":5}}""", 5, 0, 7, true)]
    [InlineData("""{"type":"tokens","input_tokens":5,"input_tokens_details":{"cached_tokens":2},"output_tokens":7}""", 5, 2, 7, true)]
    [InlineData("""{"type":"duration","seconds":9}""", 0, 0, 0, false)]
    [InlineData("""{"input_tokens":1,"output_tokens":1,"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}""", 5, 0, 7, true)]
    [InlineData("""{"prompt_tokens":5,"completion_tokens":7,"input_tokens":1,"output_tokens":1}""", 5, 0, 7, true)]
    public void Usage_is_read_by_either_names(string usage, long prompt, long cached, long output, bool isConsistent)
    {
        ReplyFacts facts = default;
        UsageReader.Read(Encoding.UTF8.GetBytes($$"""{"usage":{{usage}}}"""), ref facts).ShouldBeTrue();
        (facts.Usage.Prompt, facts.Usage.Cached, facts.Usage.Output, facts.Usage.IsConsistent)
            .ShouldBe((prompt, cached, output, isConsistent));
    }

    /// <summary>A file that holds line breaks, the boundary, and almost the delimiter.</summary>
    static byte[] TrickyFile() =>
    [
        0, 255, 13, 10, .. Encoding.ASCII.GetBytes($"{Boundary}\r\n-{Boundary}\r\n--{Boundary}x\r\n--{Boundary}-\r\n--"),
        .. new byte[5000], 13, 10, 13,
    ];

    static byte[] Form(string[] names, string model, byte[] file)
    {
        var form = new List<byte>();
        foreach (var name in names)
        {
            form.AddRange(Encoding.UTF8.GetBytes(
                $"--{Boundary}\r\nContent-Disposition: form-data; name=\"{name}\""
                + (name == "file" ? "; filename=\"a;b.wav\"\r\nContent-Type: audio/wav\r\n\r\n" : "\r\n\r\n")));
            form.AddRange(name == "file" ? file : Encoding.UTF8.GetBytes(name == "model" ? model : "hello"));
            form.AddRange("\r\n"u8);
        }

        form.AddRange(Encoding.UTF8.GetBytes($"--{Boundary}--\r\n"));
        return [.. form];
    }

    static byte[] Edited(byte[] body, in RequestFacts facts)
    {
        var edits = PassThroughEdits.Plan(body, facts, "\"up\""u8.ToArray(), "up"u8.ToArray());
        var output = new ArrayBufferWriter<byte>();
        edits.WriteTo(body, output);
        output.WrittenCount.ShouldBe((int)edits.ContentLength(body.Length));
        return output.WrittenSpan.ToArray();
    }
}
