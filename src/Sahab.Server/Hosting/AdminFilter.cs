using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Hosting;

/// <summary>Lets only admin keys use the control API.</summary>
internal sealed class AdminFilter(SnapshotPublisher snapshots) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var key = snapshots.Current.Keys.Find(http.Request.Headers.Authorization, out var given);
        if (key is { Admin: true })
        {
            return await next(context);
        }

        await ErrorResponse.WriteAsync(http, key is not null
            ? GatewayError.NotAdmin()
            : given ? GatewayError.UnknownKey() : GatewayError.MissingKey());
        return Results.Empty;
    }
}
