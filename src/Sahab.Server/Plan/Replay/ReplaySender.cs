using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sahab.Planning.Traces;

namespace Sahab.Server.Plan.Replay;

/// <summary>Sends single calls of a replay and reads their answers.</summary>
internal sealed class ReplaySender(ReplayOptions options, TimeProvider time) : IDisposable
{
    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly AuthenticationHeaderValue _authorization = new("Bearer", options.Key);

    readonly Uri _address = new(options.Server, "/v1/chat/completions");

    readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        // A connection for each call that may be in flight: the client must never be what makes calls wait.
        MaxConnectionsPerServer = options.MaxInFlight,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    });

    /// <summary>Makes the call. Does not throw: whatever goes wrong is the outcome.</summary>
    /// <param name="due">The time provider's timestamp from which its times count.</param>
    public async Task<ReplayOutcome> SendAsync(
        TraceRequest request, PromptSource source, bool isStream, long due, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(options.CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        var reader = new AnswerReader(time);
        var (status, provider, failure) = (0, (string?)null, (string?)null);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, _address)
            {
                Content = new ReadOnlyMemoryContent(WriteBody(request, source, isStream)),
            };
            message.Headers.Authorization = _authorization;
            message.Content.Headers.ContentType = Json;
            using var response = await _http.SendAsync(message, either.Token);
            status = (int)response.StatusCode;
            provider = response.Headers.TryGetValues("x-sahab-provider", out var names) ? names.First() : null;
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            await (response.StatusCode == HttpStatusCode.OK
                ? reader.ReadAsync(body, isStream, either.Token)
                : reader.ReadErrorAsync(body, status, either.Token));
            failure = reader.Failure;
        }
        catch (OperationCanceledException)
        {
            failure = "no_end_within_timeout";
        }
        catch (HttpRequestException error)
        {
            failure = JsonNamingPolicy.SnakeCaseLower.ConvertName(error.HttpRequestError.ToString());
        }
        catch (IOException)
        {
            failure = "connection_cut";
        }

        return new ReplayOutcome
        {
            Status = status,
            Failure = failure,
            Provider = provider,
            Usage = reader.Usage,
            FirstToken = reader.FirstContent is { } first ? time.GetElapsedTime(due, first) : null,
            Total = time.GetElapsedTime(due),
            Abandoned = failure is not null && stop.IsCancellationRequested,
        };
    }

    public void Dispose() => _http.Dispose();

    ReadOnlyMemory<byte> WriteBody(TraceRequest request, PromptSource source, bool isStream)
    {
        var body = new ArrayBufferWriter<byte>((request.ContextTokens * PromptBook.BytesPerToken) + 512);
        var instructions = PromptBook.InstructionsOf(request.ContextTokens);
        Append(body, $"{{\"model\":{JsonSerializer.Serialize(options.Model)},\"messages\":[");
        Append(body, "{\"role\":\"system\",\"content\":\"");
        PromptBook.Write(body, source.Assistant, instructions);
        Append(body, "\"},{\"role\":\"user\",\"content\":\"");
        PromptBook.Write(body, source.Conversation, request.ContextTokens - instructions);
        Append(body, options.ExactOutput ? "\"}],\"ignore_eos\":true,\"max_tokens\":" : "\"}],\"max_tokens\":");
        Append(body, request.GeneratedTokens.ToString(CultureInfo.InvariantCulture));
        Append(body, isStream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" : "}");
        return body.WrittenMemory;
    }

    static void Append(ArrayBufferWriter<byte> body, string text) => Encoding.UTF8.GetBytes(text, body);
}
