using System.Text;
using Microsoft.Net.Http.Headers;
using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Reads the requests that are passed through: JSON or a form, with a model or without.</summary>
internal static class PassThroughBody
{
    static readonly RequestFault WrongType = new(
        "The body must be multipart/form-data, or JSON where the cloud takes it. Say which in the Content-Type header.",
        null, "unsupported_content_type");

    public static bool TryScan(
        string? contentType, Door door, ReadOnlySpan<byte> body, out RequestFacts facts, out RequestFault fault)
    {
        if (!door.TakesForms)
        {
            return PassThroughScanner.TryScanJson(body, out facts, out fault);
        }

        if (MediaTypeHeaderValue.TryParse(contentType, out var type))
        {
            if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            {
                var boundary = HeaderUtilities.RemoveQuotes(type.Boundary);
                return PassThroughScanner.TryScanForm(body, boundary.AsSpan(), out facts, out fault);
            }

            if (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            {
                return PassThroughScanner.TryScanJson(body, out facts, out fault);
            }
        }

        (facts, fault) = (default, WrongType);
        return false;
    }

    /// <summary>The model of a request that names none: the only one that does this and that the key may use.</summary>
    public static GatewayError? FindOnlyModel(
        ServeSnapshot snapshot, ApiKey key, ApiOperation operation, out ModelRoute? only)
    {
        var wanted = OperationNames.ToRouting(operation);
        // By its routes, for an alias is no second model.
        var routes = snapshot.Models
            .Where(model => model.Route.Serves(wanted) && key.MayUse(Encoding.UTF8.GetBytes(model.Name)))
            .Select(model => model.Route)
            .Distinct()
            .ToArray();
        only = routes.Length == 1 ? routes[0] : null;
        return only is null ? GatewayError.ModelNeeded(OperationNames.Of(operation), routes.Length) : null;
    }
}
