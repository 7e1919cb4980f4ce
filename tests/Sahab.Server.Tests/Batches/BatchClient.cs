using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Batches;

/// <summary>Files and batches as a client has them.</summary>
internal sealed class BatchClient(HttpClient client)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Lines that each ask for so many tokens, named by their number from 1.</summary>
    public static string Lines(int count, int tokens = 4, string model = "small") => string.Join('\n', Enumerable
        .Range(1, count)
        .Select(number => string.Create(CultureInfo.InvariantCulture, $$$"""
            {"custom_id":"line-{{{number}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"{{{model}}}","messages":[{"role":"user","content":"Line {{{number}}}"}],"max_tokens":{{{tokens}}},"ignore_eos":true}}
            """)));

    /// <summary>Uploads an input and makes a batch of it.</summary>
    public async Task<string> StartAsync(string lines, string endpoint = "/v1/chat/completions")
    {
        var file = await UploadAsync(lines);
        var batch = await PostAsync(
            "/v1/batches",
            $$"""{"input_file_id":"{{(string)file["id"]!}}","endpoint":"{{endpoint}}","completion_window":"24h"}""");
        return (string)batch["id"]!;
    }

    public async Task<JsonNode> UploadAsync(string lines)
    {
        using var form = new MultipartFormDataContent();
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(lines));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        form.Add(new StringContent("batch"), "purpose");
        form.Add(content, "file", "lines.jsonl");
        using var response = await client.PostAsync("/v1/files", form);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    public async Task<JsonNode> PostAsync(string path, string body = "")
    {
        using var response = await client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    public async Task<JsonNode> FindAsync(string id) =>
        JsonNode.Parse(await client.GetStringAsync($"/v1/batches/{id}"))!;

    /// <summary>Asks again and again until something is so.</summary>
    public async Task<JsonNode> UntilAsync(string id, Func<JsonNode, bool> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var batch = await FindAsync(id);
            if (isSo(batch))
            {
                return batch;
            }

            patience.IsCancellationRequested.ShouldBeFalse($"waited in vain: {batch}");
            await Task.Delay(50);
        }
    }

    /// <summary>Waits until a batch has ended.</summary>
    public Task<JsonNode> EndAsync(string id) => UntilAsync(
        id, batch => (string)batch["status"]! is "completed" or "failed" or "expired" or "cancelled");

    /// <summary>The lines of a file of results, none where there is no file.</summary>
    public async Task<List<JsonNode>> ResultsAsync(JsonNode? file) => file is null
        ? []
        : [.. (await client.GetStringAsync($"/v1/files/{(string)file!}/content"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
}
