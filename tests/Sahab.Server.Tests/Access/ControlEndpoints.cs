using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Access;

/// <summary>An endpoint of the control API as a running server has it.</summary>
/// <param name="Needs">What it says that it needs; null: nothing.</param>
internal sealed record ControlEndpoint(string Method, string Pattern, Permission? Needs)
{
    /// <summary>Whether it is about one organisation, which the path names.</summary>
    public bool IsOfOrganisation => Pattern.Contains("{organisation}", StringComparison.Ordinal);

    public override string ToString() => $"{Method} {Pattern}";
}

/// <summary>All endpoints below /api.</summary>
internal static partial class ControlEndpoints
{
    public static IReadOnlyList<ControlEndpoint> Of(TestHouse house) =>
    [
        .. house.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (endpoint, pattern: "/" + endpoint.RoutePattern.RawText!.Trim('/')))
            .Where(each => each.pattern.StartsWith("/api", StringComparison.Ordinal))
            .SelectMany(each => (each.endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"])
                .Select(method => new ControlEndpoint(
                    method, each.pattern, each.endpoint.Metadata.GetMetadata<Needed>()?.For(method))))
            .OrderBy(each => each.Pattern, StringComparer.Ordinal).ThenBy(each => each.Method, StringComparer.Ordinal),
    ];

    /// <summary>A path that the pattern takes, with a value for the organisation.</summary>
    public static string PathOf(this ControlEndpoint endpoint, string organisation = "none") => Parameters().Replace(
        endpoint.Pattern.Replace("{organisation}", organisation, StringComparison.Ordinal),
        match => match.Groups[1].Value switch
        {
            ":guid" => "00000000-0000-0000-0000-000000000000",
            ":int" or ":long" => "1",
            _ => "none",
        });

    [GeneratedRegex(@"\{\*{0,2}\w+(:\w+)?[^}]*\}")]
    private static partial Regex Parameters();
}
