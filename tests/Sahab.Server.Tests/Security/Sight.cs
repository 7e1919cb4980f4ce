using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>All that somebody sees of an answer but when it came and which it was.</summary>
internal sealed record Sight(int Status, string Headers, string Text)
{
    static readonly string[] OfTheAnswerItself = ["Date", "x-request-id", "Retry-After"];

    /// <summary>The first part of an answer that goes on and on.</summary>
    const int EndlessBytes = 64;

    public static async Task<Sight> OfAsync(
        Visitor visitor, string method, string path, JsonObject? body = null, bool asBrowser = false)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (visitor.Csrf is not null)
        {
            request.Headers.Add("X-Sahab-Csrf", visitor.Csrf);
        }

        if (asBrowser)
        {
            request.Headers.TryAddWithoutValidation("Accept", "text/html");
        }

        using var response = await visitor.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var headers = response.Headers.Concat(response.Content.Headers)
            .Where(header => !OfTheAnswerItself.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}")
            .Order(StringComparer.Ordinal);
        return new Sight((int)response.StatusCode, string.Join('\n', headers), await TextAsync(response));
    }

    /// <summary>The same with a name for another.</summary>
    public Sight With(string name, string other) => this with
    {
        Headers = Headers.Replace(name, other, StringComparison.Ordinal),
        Text = Text.Replace(name, other, StringComparison.Ordinal),
    };

    static async Task<string> TextAsync(HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            return await response.Content.ReadAsStringAsync();
        }

        await using var stream = await response.Content.ReadAsStreamAsync();
        var bytes = new byte[EndlessBytes];
        return Encoding.UTF8.GetString(bytes, 0, await stream.ReadAsync(bytes));
    }
}
