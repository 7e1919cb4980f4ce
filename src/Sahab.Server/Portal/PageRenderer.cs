using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Sahab.Server.Portal.Layout;
using Sahab.Server.Portal.Pages;

namespace Sahab.Server.Portal;

/// <summary>Renders Blazor components to HTML on the server.</summary>
internal sealed class PageRenderer(IServiceProvider services, ILoggerFactory loggers)
{
    /// <summary>Everything comes from this server, and no page may be put into a frame.</summary>
    const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Said of what is not there and of what is not for who asks, who must not tell the two apart.</summary>
    const string NotThere = "There is no such page, or it is not for you.";

    /// <summary>The page as an answer to who asked for it.</summary>
    public async Task<IResult> ShowAsync(HttpContext context, PageView view, int status = StatusCodes.Status200OK)
    {
        var html = await RenderAsync(view with { Viewer = Viewer.Of(context) });
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return Results.Content(html, "text/html; charset=utf-8", statusCode: status);
    }

    /// <summary>The answer where there is no such page, or none for who asked.</summary>
    /// <param name="why">What else is to be said of it, to who may see such pages.</param>
    public Task<IResult> ShowMissingAsync(HttpContext context, string why = NotThere) => ShowAsync(
        context, new PageView(typeof(MissingPage), new() { ["Why"] = why }), StatusCodes.Status404NotFound);

    public async Task<string> RenderAsync(PageView view)
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var output = await renderer.RenderComponentAsync<Shell>(ParameterView.FromDictionary(
                new Dictionary<string, object?>
                {
                    [nameof(Shell.Viewer)] = view.Viewer,
                    [nameof(Shell.Component)] = view.Component,
                    [nameof(Shell.Values)] = view.Parameters,
                }));
            return output.ToHtmlString();
        });
    }
}

/// <summary>What to render: a component and its parameters, and for whom.</summary>
internal sealed record PageView(Type Component, Dictionary<string, object?> Parameters)
{
    public Viewer Viewer { get; init; } = Viewer.Nobody;

    /// <summary>Equal for views that look the same, as long as no component asks more of the viewer than the language.</summary>
    public string Key => $"{Viewer.Language.Tag}\n{Component.Name}\n{string.Join('\n', Parameters.Values)}";
}
