using System.Net;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.House;

/// <summary>
/// Holds each answer of the control API to what <c>/openapi/v1.json</c> says of it: members that must be there are, and no
/// member is there of which nothing is said.
/// </summary>
/// <param name="inner">What it sends by.</param>
/// <param name="isWhole">Whether the server has all rooms: the description of every such one in this process is the same.</param>
internal sealed class DescribedAnswers(HttpMessageHandler inner, bool isWhole = true) : DelegatingHandler(inner)
{
    static readonly Lock Gate = new();

    static Task<ApiSchemas>? _whole;

    Task<ApiSchemas>? _own;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        if (!request.RequestUri!.AbsolutePath.StartsWith("/api/", StringComparison.Ordinal) || answer.StatusCode != HttpStatusCode.OK
            || answer.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return answer;
        }

        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        (await DescriptionAsync(request.RequestUri)).Hold(request.Method.Method, request.RequestUri.AbsolutePath, JsonNode.Parse(bytes));
        return answer;
    }

    Task<ApiSchemas> DescriptionAsync(Uri of)
    {
        lock (Gate)
        {
            ref var description = ref isWhole ? ref _whole : ref _own;
            return description is null or { IsFaulted: true } ? description = ReadAsync(of) : description;
        }
    }

    static async Task<ApiSchemas> ReadAsync(Uri of)
    {
        using var client = new HttpClient();
        return new ApiSchemas(JsonNode.Parse(await client.GetStringAsync(new Uri(of, "/openapi/v1.json")))!);
    }
}
