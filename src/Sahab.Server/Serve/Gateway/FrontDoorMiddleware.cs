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
        app.Use(next => context => FrontDoor.OperationOf(context.Request.Path) is { } operation
            ? HttpMethods.IsPost(context.Request.Method)
                ? door.HandleAsync(context, operation)
                : ErrorResponse.WriteAsync(context, GatewayError.MethodNotAllowed(context.Request.Method)).AsTask()
            : ContinueOnPoolAsync(next, context));
    }

    static async Task ContinueOnPoolAsync(RequestDelegate next, HttpContext context)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await next(context);
    }
}
