using System.Text.Json.Nodes;

namespace Sahab.Server.Govern.Audit;

/// <summary>What somebody did.</summary>
/// <param name="Actor">Who: the name of a caller, or <c>sahab</c> for what the server did by itself.</param>
/// <param name="Action">What, as a noun and a verb in the past: <c>key.revoked</c>.</param>
/// <param name="Subject">To what: an id.</param>
internal sealed record AuditEntry(string Actor, string Action, string Subject)
{
    /// <summary>The server itself, when it acts by a clock or a file.</summary>
    public const string Server = "sahab";

    /// <summary>The organisation whose part of the log it is in; empty: the operator's alone.</summary>
    public string Organisation { get; init; } = "";

    /// <summary>What changed, and why. Never a secret, nor what a client sent to a model.</summary>
    public JsonObject? Details { get; init; }
}
