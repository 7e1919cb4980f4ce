using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Takes the calls before endpoint routing sees them. Everything else hops to the thread pool first: it may query a
/// database or render a page, which the threads that wait for sockets must not.
/// </summary>
internal static class FrontDoorMiddleware
{
    public static void UseFrontDoor(this IApplicationBuilder app)
    {
        var door = app.ApplicationServices.GetRequiredService<FrontDoor>();
        var ids = app.ApplicationServices.GetRequiredService<IdSource>();
        app.Use(next => context =>
        {
            if (RequestFraming.IsAmbiguous(context.Request))
            {
                return RequestFraming.RefuseAsync(context);
            }

            var found = Door.At(context.Request.Path.Value);
            if (found is not null && HttpMethods.IsPost(context.Request.Method))
            {
                return door.HandleAsync(context, found);
            }

            if (context.Request.Path.StartsWithSegments("/v1") || context.Request.Path.StartsWithSegments("/v1beta"))
            {
                // Official clients show this id with every answer and in every error, whatever the path.
                context.Response.Headers["x-request-id"] = ids.Next().ToString();
            }

            if (found is null)
            {
                return ContinueOnPoolAsync(next, context);
            }

            context.Response.Headers.Allow = HttpMethods.Post;
            return ErrorResponse.WriteAsync(context, GatewayError.MethodNotAllowed(context.Request.Method), found.Api).AsTask();
        });
    }

    static async Task ContinueOnPoolAsync(RequestDelegate next, HttpContext context)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await next(context);
    }
}
