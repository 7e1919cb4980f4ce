using System.Diagnostics.Metrics;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>What comes of attempts to sign in. Who tried, and from where, is in the log of changes and in no metric.</summary>
internal sealed class SignInInstruments(IMeterFactory meters)
{
    /// <summary>By a password.</summary>
    public const string Password = "password";

    /// <summary>By an issuer of OpenID Connect, whichever.</summary>
    public const string Oidc = "oidc";

    readonly Counter<long> _attempts = meters.Create(UsageInstruments.MeterName).CreateCounter<long>(
        "sahab.sell.sign_ins", "{attempt}", "Attempts to sign in, by the way and by what came of them.");

    /// <param name="method">One of the ways above.</param>
    /// <param name="refusal">What was answered; null: they are signed in.</param>
    public void Tried(string method, ControlProblem? refusal) => _attempts.Add(
        1, new KeyValuePair<string, object?>("method", method), new KeyValuePair<string, object?>("outcome", OutcomeOf(refusal)));

    static string OutcomeOf(ControlProblem? refusal) => refusal?.Status switch
    {
        null => "ok",
        StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable => "limited",
        _ => "refused",
    };
}
