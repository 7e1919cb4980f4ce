namespace Sahab.Server.Hosting.Access;

/// <summary>
/// Refuses requests that give their length in two ways. Kestrel takes the chunks and sets the other length aside, as it may;
/// a proxy before us may do it the other way round, and then the two disagree on where the next request begins.
/// </summary>
internal static class RequestFraming
{
    /// <summary>Where Kestrel puts a length that it does not go by.</summary>
    const string SetAside = "X-Content-Length";

    static readonly ControlProblem Ambiguous = new(
        StatusCodes.Status400BadRequest, "ambiguous_length",
        "The request has both 'Transfer-Encoding' and 'Content-Length'. Send one of them.");

    static readonly ControlProblem Nul = ControlError.Invalid("query", "The query has a zero ('%00') in it.");

    public static bool IsAmbiguous(HttpRequest request) =>
        request.Headers.TransferEncoding.Count > 0 && request.Headers.ContainsKey(SetAside);

    /// <summary>Whether the query has a character in it that no database can keep nor look for. A path cannot have it.</summary>
    public static bool HasNul(HttpRequest request) =>
        request.QueryString.Value is { } query && query.Contains("%00", StringComparison.Ordinal);

    public static Task RefuseNulAsync(HttpContext context) => Nul.ExecuteAsync(context);

    /// <summary>Refuses it, and ends the connection: what follows may be no request at all.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return Ambiguous.ExecuteAsync(context);
    }
}
