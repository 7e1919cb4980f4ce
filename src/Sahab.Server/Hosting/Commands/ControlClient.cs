using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Hosting.Commands;

/// <summary>What a command could not do, in words for who typed it.</summary>
internal sealed class CommandException(string message) : Exception(message);

/// <summary>Asks a running server on behalf of a command. Its answers are JSON.</summary>
internal sealed class ControlClient : IDisposable, IAsyncDisposable
{
    /// <summary>Where an admin key is looked for unless told otherwise.</summary>
    public const string DefaultKeyVariable = "SAHAB_ADMIN_KEY";

    /// <summary>The largest answer that is read, in bytes: a bill.</summary>
    const long MaxAnswerBytes = 256 * 1024 * 1024;

    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    readonly Uri _server;
    readonly HttpClient _http;
    bool _isSignedIn;

    public ControlClient(Uri server, string key)
        : this(server) =>
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

    ControlClient(Uri server)
    {
        _server = server;
        var handler = new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, UseProxy = false };
        _http = new HttpClient(handler) { Timeout = AnswerTimeout, MaxResponseContentBufferSize = MaxAnswerBytes };
    }

    /// <summary>Signs in as a user, until it is disposed of.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public static Task<ControlClient> SignInAsync(
        Uri server, string email, string password, CancellationToken cancellation) => BeginAsync(
            server, "api/sign-in", new JsonObject { ["email"] = email, ["password"] = password }, cancellation);

    /// <summary>Makes a user and signs in as them, until it is disposed of.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public static Task<ControlClient> SignUpAsync(Uri server, JsonObject user, CancellationToken cancellation) =>
        BeginAsync(server, "api/sign-up", user, cancellation);

    static async Task<ControlClient> BeginAsync(
        Uri server, string path, JsonObject body, CancellationToken cancellation)
    {
        var client = new ControlClient(server);
        try
        {
            var session = await client.SendAsync(HttpMethod.Post, path, body, cancellation);
            client._http.DefaultRequestHeaders.Add(SessionCookie.CsrfHeader, session["csrf"]!.ToString());
            client._isSignedIn = true;
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <exception cref="CommandException">It is not the address of a server.</exception>
    public static Uri ParseServer(string url) =>
        Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? server
            : throw new CommandException($"'{url}' is not the address of a server, such as http://127.0.0.1:8080.");

    /// <exception cref="CommandException">The environment holds no key under that name.</exception>
    public static string FindKey(Func<string, string?> environment, string variable) =>
        environment(variable) is { Length: > 0 } key
            ? key
            : throw new CommandException(
                $"The environment variable {variable} holds no admin key. Set it, or name another by --admin-key-env.");

    /// <summary>Gets a path, such as <c>api/usage</c>.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public Task<JsonNode> GetAsync(string path, CancellationToken cancellation) =>
        AskAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(_server, path)), cancellation);

    /// <summary>Gets a path whose answer is not JSON.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public Task<string> GetTextAsync(string path, CancellationToken cancellation) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(_server, path)), text => text, cancellation);

    /// <summary>Gets a path whose answer is no text.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellation) =>
        Encoding.Latin1.GetBytes(await SendAsync(
            new HttpRequestMessage(HttpMethod.Get, new Uri(_server, path)), text => text, cancellation, Encoding.Latin1));

    /// <summary>Posts JSON to a path.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public Task<JsonNode> PostAsync(string path, byte[] json, CancellationToken cancellation) =>
        PostAsync(path, json, "application/json", cancellation);

    /// <summary>Posts a body of any kind to a path.</summary>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public Task<JsonNode> PostAsync(string path, byte[] body, string type, CancellationToken cancellation)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return AskAsync(
            new HttpRequestMessage(HttpMethod.Post, new Uri(_server, path)) { Content = content }, cancellation);
    }

    /// <summary>Asks for a change.</summary>
    /// <param name="body">Null: none.</param>
    /// <exception cref="CommandException">There is no answer, or it is an error.</exception>
    public Task<JsonNode> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellation) =>
        AskAsync(
            new HttpRequestMessage(method, new Uri(_server, path))
            {
                Content = body is null ? null : new StringContent(body.ToJsonString(), null, "application/json"),
            },
            cancellation);

    public void Dispose() => _http.Dispose();

    /// <summary>Ends the session, where there is one.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_isSignedIn)
            {
                await SendAsync(HttpMethod.Post, "api/sign-out", null, CancellationToken.None);
            }
        }
        catch (CommandException)
        {
            // What was asked for is done, or not, and was told; a session that stays ends by itself.
        }
        finally
        {
            Dispose();
        }
    }

    Task<JsonNode> AskAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        SendAsync(request, text => text.Length == 0 ? new JsonObject() : ParseOrNull(text), cancellation);

    /// <param name="encoding">How the answer's bytes are read; null: as it says itself.</param>
    async Task<T> SendAsync<T>(
        HttpRequestMessage request, Func<string, T?> read, CancellationToken cancellation, Encoding? encoding = null)
        where T : class
    {
        try
        {
            using (request)
            using (var response = await _http.SendAsync(request, cancellation))
            {
                var text = encoding is null || !response.IsSuccessStatusCode
                    ? await response.Content.ReadAsStringAsync(cancellation)
                    : encoding.GetString(await response.Content.ReadAsByteArrayAsync(cancellation));
                return response.IsSuccessStatusCode && read(text) is { } answer
                    ? answer
                    : throw new CommandException(
                        $"{_server} answered {(int)response.StatusCode}: {MessageOf(ParseOrNull(text)) ?? text}");
            }
        }
        catch (HttpRequestException error)
        {
            throw new CommandException($"No answer from {_server}: {error.Message}");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CommandException($"No answer from {_server} within {AnswerTimeout.TotalSeconds:0} seconds.");
        }
    }

    static string? MessageOf(JsonNode? answer) =>
        (answer as JsonObject)?["detail"]?.ToString()
        ?? ((answer as JsonObject)?["error"] is JsonObject error ? error["message"]?.ToString() : null);

    static JsonNode? ParseOrNull(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
