using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Security;

/// <summary>A page, or something else that the portal sends, as a running server has it.</summary>
internal sealed record PortalPage(string Pattern, Permission? Needs)
{
    public bool IsOfOrganisation => Pattern.Contains("{organisation}", StringComparison.Ordinal);

    public bool HasValues => Pattern.Contains('{', StringComparison.Ordinal);

    public override string ToString() => Pattern;
}

/// <summary>All that can be looked at below / but the APIs: whatever is added is among them.</summary>
internal static partial class PortalPages
{
    static readonly string[] Others = ["/api", "/v1", "/openapi", "/healthz", "/readyz"];

    public static IReadOnlyList<PortalPage> Of(TestHouse house) =>
    [
        .. house.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (endpoint, pattern: "/" + endpoint.RoutePattern.RawText!.Trim('/')))
            .Where(each => !Others.Any(other => each.pattern.StartsWith(other, StringComparison.Ordinal))
                && each.endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") != false)
            .Select(each => new PortalPage(each.pattern, each.endpoint.Metadata.GetMetadata<Needed>()?.For("GET")))
            .OrderBy(page => page.Pattern, StringComparer.Ordinal),
    ];

    /// <summary>A path that the pattern takes; values without one of their own get one that names nothing.</summary>
    public static string PathOf(this PortalPage page, string organisation, IReadOnlyDictionary<string, string>? values = null) =>
        Values().Replace(
            page.Pattern.Replace("{organisation}", organisation, StringComparison.Ordinal),
            match => values?.GetValueOrDefault(match.Groups[1].Value) ?? match.Groups[2].Value switch
            {
                ":guid" => "00000000-0000-0000-0000-000000000000",
                ":int" or ":long" or ":range" => "1",
                _ => "none",
            });

    [GeneratedRegex(@"\{\*{0,2}(\w+)(:\w+)?[^}]*\}")]
    private static partial Regex Values();
}
