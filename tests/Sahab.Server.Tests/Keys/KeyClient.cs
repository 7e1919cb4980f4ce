using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Keys;

/// <summary>Makes keys of a house through its control API, and calls with them.</summary>
internal sealed class KeyClient(TestHouse house) : IDisposable
{
    public const string Keys = "api/organisations/demo/projects/default/keys";

    readonly HttpClient _admin = house.Client(TestHouse.AdminKey);

    public HttpClient Http => _admin;

    public Task<JsonObject> CreateAsync(object? terms = null) => SendAsync(HttpMethod.Post, Keys, terms ?? new { name = "a key" });

    public Task<JsonObject> PostAsync(JsonNode key, string step, object? body = null) =>
        SendAsync(HttpMethod.Post, $"{Keys}/{key["id"]}/{step}", body);

    public Task<JsonObject> PatchAsync(JsonNode key, object body) => SendAsync(HttpMethod.Patch, $"{Keys}/{key["id"]}", body);

    public async Task<JsonObject> SendAsync(
        HttpMethod method, string path, object? body = null, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await _admin.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(status, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>A small chat call, and what came of it.</summary>
    public static async Task<(int Status, JsonNode? Body, HttpResponseHeaders Headers)> CallAsync(
        TestHouse house, string secret, string model = "small", string? tier = null)
    {
        using var client = house.Client(secret);
        var body = new JsonObject
        {
            ["model"] = model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hello there" }),
            ["max_tokens"] = 5,
        };
        if (tier is not null)
        {
            body["service_tier"] = tier;
        }

        using var response = await client.PostAsJsonAsync("v1/chat/completions", body);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync()), response.Headers);
    }

    public static string SecretOf(JsonNode key) => key["secret"]!.ToString();

    public void Dispose() => _admin.Dispose();
}
