using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Conformance;

/// <summary>An API of the front door, as a client that trusts nothing speaks it.</summary>
internal abstract class Face(string name)
{
    public string Name { get; } = name;

    public override string ToString() => Name;

    /// <summary>Whether its API has words for a case at all; if not, what it lacks.</summary>
    public virtual string? Lacks(Talk talk) => null;

    public async Task<Heard> HearAsync(HttpClient http, string model, Talk talk, bool stream)
    {
        var body = talk.Body ?? Write(talk, talk.Model ?? model, stream).ToJsonString();
        using var request = new HttpRequestMessage(HttpMethod.Post, PathOf(talk.Model ?? model, stream))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        var key = talk.Key ?? TestHouse.DemoKey;
        if (key.Length > 0)
        {
            Authorize(request.Headers, key);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var heard = new Heard
        {
            Status = (int)response.StatusCode,
            RetryAfter = response.Headers.TryGetValues("retry-after", out var waits) ? waits.First() : null,
            RequestId = response.Headers.TryGetValues("x-request-id", out var ids) ? ids.First() : null,
        };
        if (heard.Status != 200)
        {
            return ReadError(heard, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
        }

        if (!stream)
        {
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            return ReadAnswer(heard with { IsWhole = true, Raw = answer }, answer);
        }

        var (text, isCut) = await ReadAsync(response, talk.LeavesAfterBytes);
        return ReadStream(heard with { IsBroken = isCut }, Events(text));
    }

    protected abstract string PathOf(string model, bool stream);

    protected virtual void Authorize(HttpRequestHeaders headers, string key) =>
        headers.Authorization = new AuthenticationHeaderValue("Bearer", key);

    protected abstract JsonObject Write(Talk talk, string model, bool stream);

    protected abstract Heard ReadAnswer(Heard heard, JsonNode answer);

    protected abstract Heard ReadStream(Heard heard, IReadOnlyList<(string? Name, string Data)> events);

    protected virtual Heard ReadError(Heard heard, JsonNode body) => heard with
    {
        ErrorMessage = (string?)body["error"]!["message"],
        ErrorCode = body["error"]!["code"]?.ToString() ?? (string?)body["error"]!["type"],
    };

    /// <summary>The whole events of a stream: what was cut off within one is none.</summary>
    static List<(string? Name, string Data)> Events(string text)
    {
        var events = new List<(string?, string)>();
        foreach (var block in text.Replace("\r\n", "\n", StringComparison.Ordinal).Split("\n\n")[..^1])
        {
            string? name = null;
            var data = new StringBuilder();
            foreach (var line in block.Split('\n'))
            {
                if (line.StartsWith("event:", StringComparison.Ordinal))
                {
                    name = line[6..].Trim();
                }
                else if (line.StartsWith("data:", StringComparison.Ordinal))
                {
                    data.Append(line[5..].TrimStart());
                }
            }

            if (data.Length > 0)
            {
                events.Add((name, data.ToString()));
            }
        }

        return events;
    }

    static async Task<(string Text, bool IsCut)> ReadAsync(HttpResponseMessage response, int? most)
    {
        await using var stream = await response.Content.ReadAsStreamAsync();
        var read = new MemoryStream();
        var buffer = new byte[2048];
        var isCut = false;
        while (most is null || read.Length < most)
        {
            try
            {
                var count = await stream.ReadAsync(buffer);
                if (count == 0)
                {
                    break;
                }

                read.Write(buffer, 0, count);
            }
            catch (Exception failure) when (failure is IOException or HttpRequestException)
            {
                isCut = true;
                break;
            }
        }

        return (Encoding.UTF8.GetString(read.GetBuffer(), 0, (int)read.Length), isCut);
    }
}
