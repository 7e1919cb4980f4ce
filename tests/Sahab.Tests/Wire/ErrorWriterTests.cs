using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Tests.Wire;

public sealed class ErrorWriterTests
{
    [Fact]
    public void All_four_keys_are_always_there()
    {
        var output = new ArrayBufferWriter<byte>();
        ErrorWriter.Write(output, new ClientError("No <model> 'é雲🐪'\n\"x\"", "invalid_request_error", null, null));
        using var document = JsonDocument.Parse(output.WrittenMemory);
        JsonElement error = document.RootElement.GetProperty("error");
        error.EnumerateObject().Select(member => member.Name).ShouldBe(["message", "type", "param", "code"]);
        error.GetProperty("message").GetString().ShouldBe("No <model> 'é雲🐪'\n\"x\"");
        error.GetProperty("param").ValueKind.ShouldBe(JsonValueKind.Null);
        error.GetProperty("code").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public void In_a_stream_it_is_one_event_that_reads_back_as_the_same_error()
    {
        var output = new ArrayBufferWriter<byte>();
        ErrorWriter.WriteEvent(output, new ClientError("line\r\nbreak", "server_error", "p", "upstream_error"));
        var scanner = default(SseScanner);
        scanner.Read(output.WrittenSpan, out SseEvent found).ShouldBe(SseStatus.Event);
        found.Length.ShouldBe(output.WrittenCount);
        found.DataLines.ShouldBe(1);
        var facts = default(ChunkFacts);
        ChunkReader.Read(found.Data(output.WrittenSpan), ref facts).ShouldBeTrue();
        facts.Error.ShouldBe(new UpstreamError
        {
            Message = "line\r\nbreak",
            Type = "server_error",
            Param = "p",
            Code = "upstream_error",
        });
    }

    [Fact]
    public void Models_are_listed_as_clients_expect_them()
    {
        var output = new ArrayBufferWriter<byte>();
        ModelListWriter.Write(output, [new ModelEntry("a", 1, "acme"), new ModelEntry("b/雲", 2, "own")]);
        using var document = JsonDocument.Parse(output.WrittenMemory);
        document.RootElement.GetProperty("object").GetString().ShouldBe("list");
        JsonElement model = document.RootElement.GetProperty("data")[1];
        model.GetProperty("id").GetString().ShouldBe("b/雲");
        model.GetProperty("object").GetString().ShouldBe("model");
        model.GetProperty("created").GetInt64().ShouldBe(2);
        model.GetProperty("owned_by").GetString().ShouldBe("own");

        var one = new ArrayBufferWriter<byte>();
        ModelListWriter.Write(one, new ModelEntry("a", 1, "acme"));
        Encoding.UTF8.GetString(one.WrittenSpan).ShouldBe("""{"id":"a","object":"model","created":1,"owned_by":"acme"}""");
        var none = new ArrayBufferWriter<byte>();
        ModelListWriter.Write(none, ReadOnlySpan<ModelEntry>.Empty);
        Encoding.UTF8.GetString(none.WrittenSpan).ShouldBe("""{"object":"list","data":[]}""");
    }
}
