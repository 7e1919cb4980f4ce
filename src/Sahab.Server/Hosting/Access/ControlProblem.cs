using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Hosting.Access;

/// <summary>An error of the control API as RFC 9457 has it, <c>application/problem+json</c>.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">What it is, for programs: the end of <c>type</c>.</param>
/// <param name="Detail">What is wrong and what to do, for people.</param>
/// <param name="Parameter">The parameter or member of the body that is wrong; null: none in particular.</param>
/// <param name="Details">What else a program may want to know of it.</param>
internal sealed record ControlProblem(
    int Status, string Code, string Detail, string? Parameter = null, JsonObject? Details = null) : IResult
{
    public const string ContentType = "application/problem+json";

    const string TypePrefix = "urn:sahab:problem:";

    /// <summary>When to ask again, rounded up to whole seconds in <c>Retry-After</c>; null: it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ControlProblem NotSignedIn { get; } = new(
        StatusCodes.Status401Unauthorized, "not_signed_in",
        "Sign in, or send a key in the header 'Authorization: Bearer <key>'.");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter =
                Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return response.WriteAsync(ToJson().ToJsonString(), Encoding.UTF8, httpContext.RequestAborted);
    }

    JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["type"] = TypePrefix + Code,
            ["title"] = Code.Replace('_', ' '),
            ["status"] = Status,
            ["detail"] = Detail,
        };
        if (Parameter is not null)
        {
            json["parameter"] = Parameter;
        }

        if (Details is not null)
        {
            json["details"] = Details.DeepClone();
        }

        return json;
    }
}
