using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Tenants;

/// <summary>An answer of the control API.</summary>
internal sealed record Answer(HttpStatusCode Status, string Text, HttpResponseMessage Response)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? Code => (Json["type"]?.ToString() ?? "").Replace("urn:sahab:problem:", "", StringComparison.Ordinal);

    public Answer ShouldBeOk()
    {
        Status.ShouldBe(HttpStatusCode.OK, Text);
        return this;
    }

    public Answer ShouldBe(int status, string code)
    {
        ((int)Status).ShouldBe(status, Text);
        Code.ShouldBe(code, Text);
        return this;
    }
}

/// <summary>Somebody at a browser: keeps cookies and repeats the session's value as our pages do. Or a program with a key.</summary>
internal sealed class Visitor : IDisposable
{
    public const string Password = "correct horse battery";

    readonly SocketsHttpHandler _handler;

    public Visitor(TestHouse house, string? bearer = null)
    {
        Cookies = new CookieContainer();
        _handler = new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false };
        Http = new HttpClient(new DescribedAnswers(_handler)) { BaseAddress = house.Address, Timeout = TimeSpan.FromMinutes(2) };
        if (bearer is not null)
        {
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }
    }

    public HttpClient Http { get; }

    public CookieContainer Cookies { get; }

    /// <summary>The value that changes must repeat; null: not signed in.</summary>
    public string? Csrf { get; set; }

    /// <summary>The user's id.</summary>
    public string User { get; private set; } = "";

    public string Cookie => Cookies.GetCookies(Http.BaseAddress!)["sahab"]?.Value ?? "";

    public static Visitor Admin(TestHouse house) => new(house, TestHouse.AdminKey);

    /// <summary>Somebody who has just signed up.</summary>
    public static async Task<Visitor> SignUpAsync(TestHouse house, string email)
    {
        var visitor = new Visitor(house);
        visitor.Take((await visitor.PostAsync("/api/sign-up", new JsonObject
        {
            ["email"] = email,
            ["password"] = Password,
            ["name"] = "Somebody",
        })).ShouldBeOk());
        return visitor;
    }

    public async Task<Answer> SignInAsync(string email, string password = Password)
    {
        var answer = await PostAsync("/api/sign-in", new JsonObject { ["email"] = email, ["password"] = password });
        if (answer.Status == HttpStatusCode.OK)
        {
            Take(answer);
        }

        return answer;
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, JsonObject? body = null, string? key = null) =>
        SendAsync(HttpMethod.Post, path, body, key);

    public Task<Answer> PatchAsync(string path, JsonObject body, string? key = null) =>
        SendAsync(HttpMethod.Patch, path, body, key);

    public Task<Answer> DeleteAsync(string path, string? key = null) => SendAsync(HttpMethod.Delete, path, null, key);

    /// <param name="idempotencyKey">None unless given.</param>
    /// <param name="headers">Headers besides.</param>
    public async Task<Answer> SendAsync(
        HttpMethod method, string path, JsonObject? body = null, string? idempotencyKey = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (Csrf is not null && method != HttpMethod.Get)
        {
            request.Headers.Add("X-Sahab-Csrf", Csrf);
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await Http.SendAsync(request);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>Makes an organisation and returns its id.</summary>
    public async Task<string> FoundAsync(string name) => (await PostAsync(
        "/api/organisations", new JsonObject { ["name"] = name, ["country"] = "NO" })).ShouldBeOk().Json["id"]!.ToString();

    /// <summary>Invites somebody new, and returns them once they have come.</summary>
    public async Task<Visitor> BringAsync(TestHouse house, string organisation, string email, string role)
    {
        var invitation = (await PostAsync(
            $"/api/organisations/{organisation}/invitations",
            new JsonObject { ["email"] = email, ["role"] = role })).ShouldBeOk().Json;
        var visitor = await SignUpAsync(house, email);
        (await visitor.PostAsync(
            "/api/invitations/accept", new JsonObject { ["token"] = invitation["token"]!.ToString() })).ShouldBeOk();
        return visitor;
    }

    public void Dispose()
    {
        Http.Dispose();
        _handler.Dispose();
    }

    public void Take(Answer answer)
    {
        Csrf = answer.Json["csrf"]!.ToString();
        User = answer.Json["user"]!["id"]!.ToString();
    }
}
