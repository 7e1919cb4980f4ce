using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Hosting;

/// <summary>An error of the control API, in the shape that the front door's errors have.</summary>
internal static class ControlError
{
    /// <summary>A parameter is not what it must be; the message says what that is.</summary>
    public static IResult Invalid(string parameter, string message) =>
        Of(StatusCodes.Status400BadRequest, parameter, "invalid_parameter", message);

    /// <summary>What a parameter names is not there; the message says what is.</summary>
    public static IResult NotFound(string parameter, string message) =>
        Of(StatusCodes.Status404NotFound, parameter, "not_found", message);

    /// <summary>It may not be done now; the message says why.</summary>
    /// <param name="details">What else a program may want to know of it.</param>
    public static IResult Conflict(string message, JsonObject? details = null) =>
        Of(StatusCodes.Status409Conflict, null, "conflict", message, details);

    static IResult Of(int status, string? parameter, string code, string message, JsonObject? details = null)
    {
        var error = new JsonObject
        {
            ["message"] = message,
            ["type"] = "invalid_request_error",
            ["param"] = parameter,
            ["code"] = code,
        };
        if (details is not null)
        {
            error["details"] = details;
        }

        return Results.Text(
            new JsonObject { ["error"] = error }.ToJsonString(), "application/json", Encoding.UTF8, status);
    }
}
