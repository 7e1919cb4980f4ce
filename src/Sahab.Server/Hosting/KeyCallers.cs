using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Hosting;

/// <summary>Callers with a key of the configuration: those with <c>admin: true</c> are the operator's admins.</summary>
internal sealed class KeyCallers(SnapshotPublisher snapshots, KeyGuesses guesses) : ICallerSource
{
    static readonly ControlProblem NotAdmin = new(
        StatusCodes.Status403Forbidden, "admin_key_required",
        "This key may not use the control API. Use a key with 'admin: true', or sign in.");

    static readonly ControlProblem Unknown = new(
        StatusCodes.Status401Unauthorized, "invalid_api_key", "The key is not known, or no longer good.");

    public ValueTask<CallerFinding?> FindAsync(HttpContext context)
    {
        var key = snapshots.Current.Keys.Find(context.Request.Headers.Authorization, out var fault);
        return ValueTask.FromResult<CallerFinding?>(
            key is { Admin: true } ? new CallerFinding(
                CallerOf(key) with { Credential = new Secret(context.Request.Headers.Authorization!) }, null)
            : key is not null ? new CallerFinding(null, NotAdmin)
            : fault == KeyFault.Missing ? null
            : guesses.NoteMiss(context, fault) is { } waitMs ? new CallerFinding(null, ControlError.TooMany(
                "Too many unknown keys came from this address. Wait, and check the key.",
                TimeSpan.FromMilliseconds(waitMs)))
            : new CallerFinding(null, Unknown));
    }

    /// <summary>Who calls with an admin key.</summary>
    public static Caller CallerOf(ApiKey admin) =>
        new($"key:{admin.Tenant}/{admin.Id}") { OperatorRoles = [OperatorRole.Admin] };
}
