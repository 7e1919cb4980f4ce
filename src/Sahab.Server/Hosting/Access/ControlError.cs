using System.Text.Json.Nodes;

namespace Sahab.Server.Hosting.Access;

/// <summary>The errors that endpoints of the control API have in common.</summary>
internal static class ControlError
{
    /// <summary>A parameter is not what it must be; the message says what that is.</summary>
    public static ControlProblem Invalid(string parameter, string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_parameter", message, parameter);

    /// <summary>What a parameter names is not there; the message says what is.</summary>
    public static ControlProblem NotFound(string parameter, string message) =>
        new(StatusCodes.Status404NotFound, "not_found", message, parameter);

    /// <summary>There is no such organisation, or it is nothing to the caller, who is told the same of both.</summary>
    public static ControlProblem NoOrganisation(string organisation) =>
        NotFound("organisation", $"There is no organisation '{organisation}'.");

    /// <summary>Too much was asked for in too short a time.</summary>
    /// <param name="message">What of, and what to do.</param>
    /// <param name="retryAfter">When to ask again; told in whole seconds, at least 1.</param>
    public static ControlProblem TooMany(string message, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "too_many_requests", message) { RetryAfter = retryAfter };

    /// <summary>It may not be done now; the message says why.</summary>
    /// <param name="message">Why not.</param>
    /// <param name="details">What else a program may want to know of it.</param>
    public static ControlProblem Conflict(string message, JsonObject? details = null) =>
        new(StatusCodes.Status409Conflict, "conflict", message, Details: details);
}
