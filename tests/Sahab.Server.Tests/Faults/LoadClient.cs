using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Faults;

/// <summary>A client that makes calls as planned, reads answers as strictly as it can, and tells what it saw.</summary>
internal sealed class LoadClient : IDisposable
{
    readonly HttpClient _http;
    int _salt;
    int _broken;

    public LoadClient(Uri address, string? key = null, int connections = 1000)
    {
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromMinutes(5),
        };
        _http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", key ?? TestHouse.DemoKey);
    }

    /// <summary>Calls so far that broke.</summary>
    public int Broken => Volatile.Read(ref _broken);

    public void Dispose() => _http.Dispose();

    /// <summary>Makes one call. Does not throw, whatever the server does.</summary>
    public async Task<CallEnd> CallAsync(CallPlan plan)
    {
        var began = Stopwatch.GetTimestamp();
        var end = await SendAsync(plan);
        if (end.IsBroken)
        {
            Interlocked.Increment(ref _broken);
        }

        return end with { Duration = Stopwatch.GetElapsedTime(began) };
    }

    /// <summary>Makes each call at its time after now, whether or not the earlier ones have ended.</summary>
    public async Task<List<CallEnd>> PlayAsync(IReadOnlyList<(TimeSpan At, CallPlan Plan)> calls)
    {
        var began = Stopwatch.GetTimestamp();
        var running = new List<Task<CallEnd>>(calls.Count);
        foreach (var (at, plan) in calls)
        {
            var wait = at - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            running.Add(Task.Run(() => CallAsync(plan)));
        }

        return [.. await Task.WhenAll(running)];
    }

    async Task<CallEnd> SendAsync(CallPlan plan)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                plan.Body(Interlocked.Increment(ref _salt)), Encoding.UTF8, "application/json"),
        };
        using var leaving = new CancellationTokenSource();
        if (plan.LeavesAfterBytes == 0)
        {
            leaving.CancelAfter(TimeSpan.FromMilliseconds(20 + (_salt % 200)));
        }

        var end = new CallEnd { Plan = plan };
        try
        {
            using var response = await _http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            end = end with
            {
                Status = (int)response.StatusCode,
                RequestId = Header(response.Headers, "x-request-id"),
                RetryAfter = Header(response.Headers, "retry-after"),
                Deployment = Header(response.Headers, "x-sahab-deployment"),
            };
            return end.Status == 200
                ? await ReadAsync(end, response, leaving.Token)
                : end with { Error = await response.Content.ReadAsStringAsync(leaving.Token) };
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return end with { Left = true };
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return end with { IsBroken = true, Error = failure.Message };
        }
    }

    static async Task<CallEnd> ReadAsync(CallEnd end, HttpResponseMessage response, CancellationToken leaving)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(leaving);
        var read = new MemoryStream();
        var buffer = new byte[4096];
        var broken = false;
        var left = false;
        while (true)
        {
            if (end.Plan.LeavesAfterBytes is { } most && read.Length >= most)
            {
                left = true;
                break;
            }

            try
            {
                var count = await stream.ReadAsync(buffer, leaving);
                if (count == 0)
                {
                    break;
                }

                read.Write(buffer, 0, count);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                broken = true;
                break;
            }
        }

        var text = Encoding.UTF8.GetString(read.GetBuffer(), 0, (int)read.Length);
        end = end with { IsBroken = broken, Left = left };
        return end.Plan.Stream ? ReadEvents(end, text) : ReadBody(end, text);
    }

    static CallEnd ReadBody(CallEnd end, string text)
    {
        if (end.IsBroken || end.Left)
        {
            return end;
        }

        var usage = JsonNode.Parse(text)!["usage"];
        return WithUsage(end with { IsWhole = true, Pieces = 1 }, usage);
    }

    static CallEnd ReadEvents(CallEnd end, string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
            {
                continue;
            }

            var data = line["data: ".Length..];
            if (data == "[DONE]")
            {
                return end with { IsWhole = true };
            }

            if (TryParse(data) is not { } chunk)
            {
                // The client left, or was cut off, in the middle of an event.
                continue;
            }

            if (chunk["error"] is not null)
            {
                end = end with { HasErrorEvent = true, Error = chunk["error"]!.ToJsonString() };
            }

            var delta = chunk["choices"] is JsonArray { Count: > 0 } choices ? choices[0]!["delta"] : null;
            end = end with { Pieces = end.Pieces + ((string?)delta?["content"] is { Length: > 0 } ? 1 : 0) };
            end = WithUsage(end, chunk["usage"]);
        }

        return end;
    }

    static CallEnd WithUsage(CallEnd end, JsonNode? usage) => usage is null
        ? end
        : end with
        {
            PromptTokens = (long)usage["prompt_tokens"]!,
            OutputTokens = (long)usage["completion_tokens"]!,
        };

    static JsonNode? TryParse(string data)
    {
        try
        {
            return JsonNode.Parse(data);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.First() : null;
}
