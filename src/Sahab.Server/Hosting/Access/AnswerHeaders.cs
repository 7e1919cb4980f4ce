namespace Sahab.Server.Hosting.Access;

/// <summary>
/// What every answer but those of calls tells browsers, unless the endpoint says otherwise: that nothing keeps it, that it
/// is what its type says, that no page shows it in a frame, and that nothing in it runs. A fault of ours is an answer too,
/// which says no more than that; the log has the rest.
/// </summary>
internal static partial class AnswerHeaders
{
    /// <summary>For what is no page: nothing is loaded for it, and nothing in it runs.</summary>
    public const string Policy = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>For what a browser shows with a viewer of its own.</summary>
    public const string ViewerPolicy = "frame-ancestors 'none'";

    static readonly ControlProblem Failed = new(
        StatusCodes.Status500InternalServerError, "internal_error",
        "Something went wrong here, and the log says what. Try again; if it stays so, tell who runs this service.");

    public static void UseAnswerHeaders(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AnswerHeaders));
        app.Use(next => async context =>
        {
            Set(context.Response.Headers);
            try
            {
                await (RequestFraming.HasNul(context.Request) ? RequestFraming.RefuseNulAsync(context) : next(context));
            }
            catch (Exception failure) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested
                && failure is not BadHttpRequestException)
            {
                LogFailed(logger, context.Request.Method, failure);
                context.Response.Clear();
                Set(context.Response.Headers);
                await Failed.ExecuteAsync(context);
            }
        });
    }

    static void Set(IHeaderDictionary headers)
    {
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    [LoggerMessage(7650, LogLevel.Error, "A request by {Method} failed unexpectedly")]
    static partial void LogFailed(ILogger logger, string method, Exception failure);
}
