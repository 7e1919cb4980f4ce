using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>What came back of one call.</summary>
/// <param name="Deployment">Who answered; none where nobody did.</param>
/// <param name="Chunks">The chunks of a stream, without its end mark; empty for an answer in one piece.</param>
/// <param name="IsDone">Whether the end mark came.</param>
internal sealed record DoorAnswer(
    int Status, JsonNode? Body, string? Deployment, IReadOnlyList<JsonNode> Chunks, bool IsDone)
{
    public JsonNode Message => Body!["choices"]![0]!["message"]!;

    /// <summary>The text of a stream.</summary>
    public string Text => string.Concat(Deltas.Select(delta => (string?)delta["content"]));

    /// <summary>The reasons why the choices of a stream ended.</summary>
    public IEnumerable<string> Finishes => Choices.Select(choice => (string?)choice["finish_reason"]).OfType<string>();

    public IEnumerable<JsonNode> Deltas => Choices.Select(choice => choice["delta"]!);

    IEnumerable<JsonNode> Choices => Chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => choice!);
}

/// <summary>A client of the front door that speaks plain HTTP.</summary>
internal static class DoorClient
{
    public static Task<DoorAnswer> ChatAsync(this TestHouse house, string json) =>
        house.PostAsync("/v1/chat/completions", json);

    public static async Task<DoorAnswer> PostAsync(this TestHouse house, string path, string json)
    {
        using var client = house.Client();
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var deployment = answer.Headers.TryGetValues("x-sahab-deployment", out var values) ? values.First() : null;
        var status = (int)answer.StatusCode;
        if (answer.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            var text = await answer.Content.ReadAsStringAsync();
            return new DoorAnswer(status, JsonNode.Parse(text), deployment, [], false);
        }

        var (chunks, isDone) = await ReadStreamAsync(answer);
        return new DoorAnswer(status, null, deployment, chunks, isDone);
    }

    static async Task<(List<JsonNode> Chunks, bool IsDone)> ReadStreamAsync(HttpResponseMessage answer)
    {
        var chunks = new List<JsonNode>();
        try
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line == "data: [DONE]")
                {
                    return (chunks, true);
                }

                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    chunks.Add(JsonNode.Parse(line[6..])!);
                }
            }
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            // Sahab cuts the connection after the frame with the error.
        }

        return (chunks, false);
    }
}
