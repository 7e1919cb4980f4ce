using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Dialects.OpenAI.Media;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Azure;

/// <summary>
/// Azure OpenAI: its v1 API (<c>[/region]/openai/v1/...</c>, the deployment in the body), the dated one
/// (<c>[/region]/openai/deployments/{deployment}/...?api-version=</c>), and Entra ID's tokens beside the keys.
/// </summary>
internal sealed class AzureDialect(Emulation emulation) : OpenAIDialect(emulation)
{
    const string Root = "/openai/";
    const string Dated = "deployments/";

    readonly EntraTokens _tokens = new(emulation.Clock.Time);

    protected override async Task RouteAsync(Exchange exchange)
    {
        var request = exchange.Http.Request;
        var path = request.Path.Value ?? "";
        if (path.EndsWith(EntraTokens.PathEnd, StringComparison.Ordinal))
        {
            await _tokens.AnswerAsync(exchange);
            return;
        }
        var at = path.IndexOf(Root, StringComparison.Ordinal);
        if (at < 0)
        {
            await base.RouteAsync(exchange);
            return;
        }
        var region = at > 0 ? path[1..at] : exchange.Cloud.FirstRegion;
        exchange.Vendor.AddIdHeaders(exchange.Http.Response.Headers, exchange.RequestId, region);
        exchange.Authenticate(_tokens.FindKey);
        exchange.TellsFilters = true;
        var rest = path[(at + Root.Length)..];
        var deployments = exchange.Cloud.FindRegion(region) ?? throw NotFound();
        if (rest.StartsWith("v1/", StringComparison.Ordinal))
        {
            await OperateAsync(exchange, region, deployments, rest[3..]);
            return;
        }
        if (request.Query["api-version"].Count != 1)
        {
            throw NotFound();
        }
        if (rest.StartsWith(Dated, StringComparison.Ordinal)
            && rest.IndexOf('/', Dated.Length) is > 0 and var end)
        {
            exchange.ModelInPath = rest[Dated.Length..end];
            await OperateAsync(exchange, region, deployments, rest[(end + 1)..]);
            return;
        }
        await OperateAsync(exchange, region, deployments, rest);
    }

    /// <summary>Azure has no moderations, and no variations of images.</summary>
    protected override MediaOperation? FindMedia(string path) =>
        path is "moderations" or "images/variations" ? null : base.FindMedia(path);

    static ApiException NotFound() => new(new ApiError(404, "Resource not found", "invalid_request_error", null, "404"));
}
